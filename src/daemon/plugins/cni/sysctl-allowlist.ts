import {readFileSync} from 'node:fs';
import {CniError, cniCodes} from './contract.ts';

/** The reference plugin's: a regular expression a line. Where there is such a file, what none of them matches is refused. */
const allowlist = '/etc/cni/tuning/allowlist.conf';

/** Throws CniError naming the first that is not allowed. */
export function refuseUnlisted(names: readonly string[]): void {
  if (names.length === 0) return;
  const patterns = readAllowlist();
  const refused = patterns && names.find(name => !patterns.some(pattern => pattern.test(name)));
  if (refused)
    throw new CniError(cniCodes.config, `Sysctl ${refused} is not allowed: ${allowlist} has no line that matches it`);
}

function readAllowlist(): readonly RegExp[] | null {
  try {
    return readFileSync(allowlist, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map(line => new RegExp(line));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new CniError(cniCodes.io, `Cannot read ${allowlist}: ${(error as Error).message}`);
  }
}
