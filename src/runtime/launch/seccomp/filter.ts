import {TnetError} from '../../../errors.ts';
import {encodeProgram} from '../../../kernel/pcap-filter/program.ts';
import {compileProfile, type Target} from './compile.ts';
import {defaultProfile} from './default-profile.ts';
import {parseProfile} from './parse-profile.ts';

const filters = new Map<string, string>();
/** Of some 5 KB each. */
const mostFilters = 64;

/**
 * The filter of `profile` — its text, null for our default one — as the op `seccomp` takes it: `struct sock_filter[]` in hex.
 * Compiled once for a profile and a set of capabilities, then remembered. ERR_BAD_REQUEST for a profile that is none.
 */
export function seccompFilter(profile: string | null, target: Target): string {
  const key = JSON.stringify([profile, target.machine, target.kernel, [...target.capabilities].sort()]);
  const known = filters.get(key);
  if (known !== undefined) return known;
  const filter = compile(profile, target);
  if (filters.size >= mostFilters) filters.delete(filters.keys().next().value!);
  filters.set(key, filter);
  return filter;
}

function compile(profile: string | null, target: Target): string {
  const parsed = profile === null ? defaultProfile : parseProfile(profile);
  try {
    return Buffer.from(encodeProgram(compileProfile(parsed, target))).toString('hex');
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new TnetError('ERR_BAD_REQUEST', `Cannot compile seccomp profile: ${cause.message}`, {cause});
  }
}
