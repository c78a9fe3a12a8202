import {type Ip, parseInterfaceAddress, parseIp} from '../../../model/ip.ts';
import {type Mac, parseMac} from '../../../model/mac.ts';
import {CniError, type CniRequest, cniCodes} from './contract.ts';
import {type Fields, readFields} from './fields.ts';

/** What the caller asks for beside the configuration. */
export interface CniInputs {
  readonly config: Fields;
  /** Values of the capabilities that the configuration declares. */
  readonly runtime: Fields;
  /** `args.cni`, of older callers. */
  readonly args: Fields;
  /** CNI_ARGS. */
  readonly env: Readonly<Record<string, string>>;
}

export function readInputs({config, args}: CniRequest): CniInputs {
  const fields = readFields(config);
  return {
    config: fields,
    runtime: fields.fields('runtimeConfig'),
    args: fields.fields('args').fields('cni'),
    env: args,
  };
}

/** Keys of CNI_ARGS by the specification's conventions; others' need `IgnoreUnknown=1`. K8S_* is for everybody to ignore. */
const knownArgs = /^(IP|MAC|GATEWAY|IgnoreUnknown|K8S_.*)$/i;

/** Throws CniError for arguments that nobody here would heed. */
export function refuseUnknownArgs({args}: CniRequest): void {
  if (/^(1|true|t)$/i.test(args.IgnoreUnknown ?? '')) return;
  const unknown = Object.keys(args).filter(key => !knownArgs.test(key));
  if (unknown.length > 0)
    throw new CniError(
      cniCodes.environment,
      `ARGS: unknown args ${JSON.stringify(unknown)}: IgnoreUnknown=1 passes them over`,
    );
}

/** The capability before args.cni, that before CNI_ARGS, the configuration last; null: nobody asks for one. */
export function wantedMac({config, runtime, args, env}: CniInputs): Mac | null {
  const text = runtime.text('mac') || args.text('mac') || env.MAC || config.text('mac');
  return text === '' ? null : named('mac', text, parseMac);
}

/** The same for addresses, with or without a prefix length. */
export function wantedAddresses({runtime, args, env}: CniInputs): readonly string[] {
  const sources = [runtime.texts('ips'), args.texts('ips'), (env.IP ?? '').split(',').filter(Boolean)];
  return sources.find(texts => texts.length > 0) ?? [];
}

export function addressOf(text: string): Ip {
  return named('address', text, each => (each.includes('/') ? parseInterfaceAddress(each).address : parseIp(each)));
}

/** Throws CniError 7 naming the option. */
export function named<T>(option: string, text: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch (cause) {
    throw new CniError(cniCodes.config, `invalid value of "${option}": ${(cause as Error).message}`);
  }
}

/** Refuses what would change the outcome and cannot be done here. `why` by option. */
export function refuseOptions(config: Fields, why: Readonly<Record<string, string>>): void {
  for (const [option, reason] of Object.entries(why)) {
    const value = config.raw(option);
    const isOff = value === undefined || value === false || value === 0 || value === '' || isEmpty(value);
    if (!isOff)
      throw new CniError(cniCodes.unsupported, `option "${option}" is not supported: ${reason}`, JSON.stringify(value));
  }
}

const isEmpty = (value: unknown): boolean => Array.isArray(value) && value.length === 0;
