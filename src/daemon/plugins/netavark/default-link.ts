import {readFileSync} from 'node:fs';

/** Link of the host's IPv4 default route, the preferred one; null without. */
export function readDefaultLink(): string | null {
  return parseDefaultLink(readFileSync('/proc/net/route', 'utf8'));
}

/** Columns of /proc/net/route: Iface Destination Gateway Flags RefCnt Use Metric Mask … */
export function parseDefaultLink(table: string): string | null {
  const rows = table
    .split('\n')
    .slice(1)
    .map(line => line.split('\t').map(field => field.trim()));
  const defaults = rows.filter(row => row[1] === '00000000' && row[7] === '00000000');
  const [best] = defaults.toSorted((a, b) => Number(a[6]) - Number(b[6]));
  return best?.[0] ?? null;
}
