import {type Confinement, defaultConfinement, type SeccompChoice} from '../model/confinement.ts';
import {parseProfile} from '../runtime/launch/seccomp/parse-profile.ts';
import {badRequest} from './failure.ts';

/** `HostConfig.SecurityOpt`: `key=value`, or with a colon as before Docker 1.11. A later one counts. ERR_BAD_REQUEST. */
export function decodeConfinement(options: readonly string[]): Confinement {
  return Object.assign({}, defaultConfinement, ...options.map(decodeOption)) as Confinement;
}

function decodeOption(option: string): Partial<Confinement> {
  if (option === 'no-new-privileges') return {noNewPrivileges: true};
  const at = option.includes('=') ? option.indexOf('=') : option.indexOf(':');
  if (at < 0) throw badRequest(`invalid --security-opt 1: "${option}"`);
  const key = option.slice(0, at);
  const decode = Object.hasOwn(decoders, key) ? decoders[key] : undefined;
  if (decode === undefined) throw badRequest(`invalid --security-opt 2: "${option}"`);
  return decode(option.slice(at + 1), option);
}

type Decode = (value: string, option: string) => Partial<Confinement>;

const decoders: Readonly<Record<string, Decode>> = {
  'no-new-privileges': (value, option) => {
    if (!/^(1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/.test(value))
      throw badRequest(`invalid --security-opt 2: "${option}"`);
    return {noNewPrivileges: /^[1tT]/.test(value)};
  },
  seccomp: value => ({seccomp: decodeSeccomp(value)}),
  // What this machine does not have is not switched off either, but unconfined is how it runs.
  apparmor: (value, option) => refuseAllBut(value, 'unconfined', option),
  label: (value, option) => refuseAllBut(value, 'disable', option),
};

function decodeSeccomp(value: string): SeccompChoice {
  if (value === 'unconfined') return {kind: 'unconfined'};
  if (value === 'builtin') return {kind: 'default'};
  parseProfile(value);
  return {kind: 'profile', text: value};
}

function refuseAllBut(value: string, accepted: string, option: string): Partial<Confinement> {
  if (value !== accepted) throw badRequest(`--security-opt "${option}" is not supported`, 'ERR_UNSUPPORTED');
  return {};
}
