import {readFileSync} from 'node:fs';
import {isAbsolute, join} from 'node:path';
import {tnetVersion} from '../../../api/version.ts';
import {badRequest} from '../../failure.ts';
import type {ServerParts} from '../../parts.ts';
import {type PluginAnswer, type PluginCall, succeeded} from '../plugin-call.ts';
import {type CommandLine, parseCommandLine, UsageError, usageText} from './command-line.ts';
import {completeNetwork} from './complete-network.ts';
import {readDefaultLink} from './default-link.ts';
import {decodeJoining} from './input.ts';
import type {NetavarkParts} from './parts.ts';
import {setUp, tearDown} from './set-up.ts';
import {updateServers} from './update.ts';

/** The release whose contract this is. */
const contractVersion = '2.1.0';

/** In place of netavark: https://github.com/containers/netavark. Its caller reads stdout when it has ended. */
export async function answerNetavark(parts: ServerParts, call: PluginCall): Promise<PluginAnswer> {
  try {
    const line = parseCommandLine(call.args);
    checkFirewall(line.options['firewall-driver'] ?? call.env.NETAVARK_FW);
    return succeeded(await commands[line.command]!({...parts, defaultLink: readDefaultLink}, line, call));
  } catch (error) {
    if (error instanceof UsageError) return {code: 2, stdout: '', stderr: usageText(error)};
    return {code: 1, stdout: `${JSON.stringify({error: (error as Error).message})}\n`, stderr: ''};
  }
}

type Answer = (parts: NetavarkParts, line: CommandLine, call: PluginCall) => Promise<string>;

const commands: Readonly<Record<string, Answer>> = {
  async setup(parts, line, call) {
    return inOneLine(await setUp(parts, decodeJoining(inputOf(line, call)), line.operands[0]!));
  },
  async teardown(parts, line, call) {
    await tearDown(parts, decodeJoining(inputOf(line, call)));
    return '';
  },
  async update(parts, {operands, options}) {
    const servers = options['network-dns-servers'];
    if (servers !== undefined) await updateServers(parts, operands[0]!, servers);
    return '';
  },
  async create(_, line, call) {
    return inOneLine(completeNetwork(inputOf(line, call), new Date()));
  },
  async 'firewall-reload'({controller}) {
    await controller.repair();
    return '';
  },
  async version() {
    const about = {
      version: contractVersion,
      commit: `tnet ${tnetVersion}`,
      build_time: '',
      target: `${process.arch}-linux`,
      default_fw_driver: 'nftables',
    };
    return `${JSON.stringify(about, null, 2)}\n`;
  },
  async '--version'() {
    return `netavark ${contractVersion} (tnet ${tnetVersion})\n`;
  },
};

const inOneLine = (value: object): string => `${JSON.stringify(value)}\n`;

/** `-f` may be relative to where the caller stands, which PWD says. */
function inputOf({options}: CommandLine, {input, env}: PluginCall): string {
  const {file} = options;
  if (file === undefined) return input;
  const path = isAbsolute(file) ? file : join(env.PWD ?? '/', file);
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw badRequest(`failed to load network options: IO error: ${(cause as Error).message}`);
  }
}

/** One daemon has one firewall; callers that ask for another of the two are served by it all the same. */
function checkFirewall(driver: string | undefined): void {
  if (driver === undefined || ['', 'nftables', 'iptables', 'firewalld'].includes(driver)) return;
  if (driver === 'none')
    throw badRequest('firewall driver "none" is the daemon\'s to have: tnet daemon --firewall none');
  throw badRequest(`Must provide a valid firewall backend, got ${driver}`);
}
