import * as v from 'valibot';
import {type Ip, parseIp} from '../../../model/ip.ts';
import {joinPorts} from '../../../model/join-ports.ts';
import {type PortMapping, parsePortMapping} from '../../../model/port-mapping.ts';
import {badRequest, decoding} from '../../failure.ts';
import {labels, natural, orNull, text, validate} from '../../validate.ts';

/** What a runtime tells its hooks: https://github.com/opencontainers/runtime-spec/blob/main/runtime.md#state. */
const stateSchema = v.object({id: text, pid: orNull(natural), bundle: orNull(text), annotations: orNull(labels)});

/** One container, and what it shall have of us. */
export interface HookCall {
  readonly verb: 'createRuntime' | 'poststop';
  readonly id: string;
  /** 0 when it has ended. */
  readonly pid: number;
  /** Folder of its config.json; '' when it is not told. */
  readonly bundle: string;
  readonly networks: readonly string[];
  readonly ports: readonly PortMapping[];
  readonly names: readonly string[];
  readonly addresses: readonly Ip[];
}

/** Arguments of the hook, and annotations of the bundle besides: `tnet.network`, `tnet.publish`, … with commas between several. */
const words = ['network', 'publish', 'alias', 'ip'] as const;
type Word = (typeof words)[number];

/** Throws ERR_BAD_REQUEST. */
export function decodeHook([verb, ...args]: readonly string[], input: string): HookCall {
  if (verb !== 'createRuntime' && verb !== 'poststop')
    throw badRequest(`unknown hook "${verb ?? ''}": want createRuntime or poststop`);
  const {id, pid, bundle, annotations} = validate(stateSchema, parseState(input));
  const given = parseArguments(args);
  const of = (word: Word): readonly string[] => [
    ...given.filter(each => each.word === word).map(each => each.value),
    ...(annotations?.[`tnet.${word}`] ?? '').split(',').filter(Boolean),
  ];
  return decoding(() => ({
    verb,
    id,
    pid: pid ?? 0,
    bundle: bundle ?? '',
    networks: decodeNetworks(of('network')),
    ports: joinPorts(of('publish').map(parsePortMapping)),
    names: [...new Set([id, ...of('alias')])],
    addresses: of('ip').map(parseIp),
  }));
}

/** `none` is none of ours: the container has its devices alone. */
function decodeNetworks(names: readonly string[]): readonly string[] {
  if (names.length === 0) return ['bridge'];
  if (!names.includes('none')) return names;
  if (names.length > 1) throw badRequest('network "none" goes with no other');
  return [];
}

function parseState(input: string): unknown {
  try {
    return JSON.parse(input);
  } catch (cause) {
    throw badRequest(`the container's state on stdin is not JSON: ${(cause as Error).message.split('\n')[0]}`);
  }
}

/** `--network red --publish=8080:80`. */
function parseArguments(args: readonly string[]): readonly {readonly word: Word; readonly value: string}[] {
  const pairs: {word: Word; value: string}[] = [];
  for (let i = 0; i < args.length; i++) {
    const [, name, own] = /^--([a-z]+)(?:=(.*))?$/s.exec(args[i]!) ?? [];
    const word = words.find(each => each === name);
    const value = own ?? args[++i];
    if (word === undefined || value === undefined)
      throw badRequest(
        `unknown argument "${args[i] ?? name}": want ${words.map(each => `--${each} VALUE`).join(', ')}`,
      );
    pairs.push({word, value});
  }
  return pairs;
}
