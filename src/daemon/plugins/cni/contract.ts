import {errorStatus, TnetError} from '../../../errors.ts';
import {type PluginAnswer, type PluginCall, succeeded} from '../plugin-call.ts';

/** https://www.cni.dev/docs/spec: what a plugin is called with, and how it answers. */
export const specVersions = ['0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const;
export type SpecVersion = (typeof specVersions)[number];

export type Verb = 'ADD' | 'DEL' | 'CHECK' | 'GC' | 'STATUS' | 'VERSION';

type Variable = 'CNI_CONTAINERID' | 'CNI_NETNS' | 'CNI_IFNAME';

/** What each verb needs of the environment, and since which version of the configuration there is such a verb. */
const verbs: Readonly<Record<Verb, {readonly needs: readonly Variable[]; readonly since: SpecVersion}>> = {
  ADD: {needs: ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME'], since: '0.3.1'},
  DEL: {needs: ['CNI_CONTAINERID', 'CNI_IFNAME'], since: '0.3.1'},
  CHECK: {needs: ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME'], since: '0.4.0'},
  GC: {needs: [], since: '1.1.0'},
  STATUS: {needs: [], since: '1.1.0'},
  VERSION: {needs: [], since: '0.3.1'},
};

/** Codes of the specification; ours begin at 100 (errors.ts). */
export const cniCodes = {
  version: 1,
  unsupported: 2,
  unknownContainer: 3,
  environment: 4,
  io: 5,
  decode: 6,
  config: 7,
  netns: 8,
  unavailable: 50,
} as const;

export class CniError extends Error {
  readonly code: number;
  readonly details: string;

  constructor(code: number, message: string, details = '') {
    super(message);
    this.code = code;
    this.details = details;
  }
}

export interface CniRequest {
  readonly verb: Exclude<Verb, 'VERSION'>;
  /** Of the plugin, by which it was called or that the configuration names. */
  readonly plugin: string;
  readonly version: SpecVersion;
  readonly containerId: string;
  /** '' at a DEL whose namespace is gone, and where there is none. */
  readonly netns: string;
  readonly ifname: string;
  /** CNI_ARGS. */
  readonly args: Readonly<Record<string, string>>;
  /** Folders of CNI_PATH, for delegation. */
  readonly path: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The configuration, whole. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** Throws CniError in the order in which the reference plugins look. */
export function decodeCniRequest({name, env, input}: PluginCall, verb: Exclude<Verb, 'VERSION'>): CniRequest {
  const {needs, since} = verbs[verb];
  const missing = needs.filter(variable => !env[variable]);
  if (missing.length > 0)
    throw new CniError(cniCodes.environment, `required env variables [${missing.join(',')}] missing`);
  checkNames(env);
  const config = decodeConfig(input);
  const version = checkVersion(config.cniVersion ?? '0.1.0');
  if (isBefore(version, since))
    throw new CniError(cniCodes.version, `config version ${version} does not allow ${verb}: it came with ${since}`);
  return {
    verb,
    plugin: name,
    version,
    config,
    containerId: env.CNI_CONTAINERID ?? '',
    netns: env.CNI_NETNS ?? '',
    ifname: env.CNI_IFNAME ?? '',
    args: decodeArgs(env.CNI_ARGS ?? ''),
    path: (env.CNI_PATH ?? '').split(':').filter(Boolean),
    env,
  };
}

const validName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

function checkNames({CNI_CONTAINERID: id, CNI_IFNAME: ifname}: Readonly<Record<string, string>>): void {
  if (id && !validName.test(id))
    throw new CniError(cniCodes.environment, 'invalid characters in containerID', `invalid value ${id}`);
  // IFNAMSIZ is 16 with its NUL.
  if (ifname && (!/^[^/:\s]{1,15}$/.test(ifname) || ifname === '.' || ifname === '..'))
    throw new CniError(
      cniCodes.environment,
      `invalid interface name "${ifname}": want 1 to 15 characters without "/", ":" or spaces`,
    );
}

function decodeConfig(input: string): Readonly<Record<string, unknown>> {
  let config: unknown;
  try {
    config = JSON.parse(input);
  } catch (cause) {
    throw new CniError(cniCodes.decode, `error unmarshall network config: ${(cause as Error).message.split('\n')[0]}`);
  }
  if (typeof config !== 'object' || config === null || Array.isArray(config))
    throw new CniError(cniCodes.decode, 'error unmarshall network config: want an object');
  const {name} = config as {name?: unknown};
  if (typeof name !== 'string' || name === '') throw new CniError(cniCodes.config, 'missing network name');
  if (!validName.test(name))
    throw new CniError(cniCodes.config, 'invalid characters in network name', `invalid value ${name}`);
  return config as Readonly<Record<string, unknown>>;
}

function checkVersion(asked: unknown): SpecVersion {
  const version = specVersions.find(known => known === asked);
  if (version) return version;
  throw new CniError(
    cniCodes.version,
    'incompatible CNI versions',
    `config is "${String(asked)}", plugin supports ${JSON.stringify(specVersions)}`,
  );
}

function isBefore(version: SpecVersion, other: SpecVersion): boolean {
  return specVersions.indexOf(version) < specVersions.indexOf(other);
}

/** `IgnoreUnknown=1;K8S_POD_NAME=web`. Throws CniError. */
function decodeArgs(text: string): Readonly<Record<string, string>> {
  const pairs = text.split(';').filter(Boolean);
  const bad = pairs.find(pair => pair.split('=').length !== 2);
  if (bad !== undefined) throw new CniError(cniCodes.environment, `CNI_ARGS: invalid pair "${bad}"`);
  return Object.fromEntries(pairs.map(pair => pair.split('=', 2) as [string, string]));
}

export function isVerb(text: string): text is Verb {
  return Object.hasOwn(verbs, text);
}

/** On stdout, with exit code 1. */
export function encodeCniError(error: unknown, version: string): PluginAnswer {
  const {code, details} = codeOf(error);
  const body = {cniVersion: version, code, msg: (error as Error).message, ...(details ? {details} : {})};
  return {code: 1, stdout: `${JSON.stringify(body)}\n`, stderr: ''};
}

function codeOf(error: unknown): {readonly code: number; readonly details: string} {
  if (error instanceof CniError) return error;
  return {code: error instanceof TnetError ? errorStatus(error.code).cni : 999, details: ''};
}

/** VERSION, and what a caller without a command is told on stderr: nerdctl reads the version there. */
export function answerVersion({input}: PluginCall): PluginAnswer {
  const {cniVersion = '1.1.0'} = decodeVersionQuery(input);
  return succeeded(`${JSON.stringify({cniVersion, supportedVersions: specVersions})}\n`);
}

function decodeVersionQuery(input: string): {cniVersion?: string} {
  try {
    return JSON.parse(input) as {cniVersion?: string};
  } catch (cause) {
    throw new CniError(
      cniCodes.decode,
      `decoding version from network config: ${(cause as Error).message.split('\n')[0]}`,
    );
  }
}

/** That of the configuration, for an answer to what may be none. */
export function versionOf(input: string): SpecVersion {
  try {
    const {cniVersion} = JSON.parse(input) as {cniVersion?: unknown};
    return specVersions.find(version => version === cniVersion) ?? '1.0.0';
  } catch {
    return '1.0.0';
  }
}
