import type {IdMaps, IdRange} from './id-map.ts';

/** A user namespace of a container's own. */
export type OwnUserns =
  /** `auto`: `count` ids that nobody else has; `maps` is null until they are chosen, at create. */
  | {readonly kind: 'auto'; readonly count: number; readonly maps: IdMaps | null}
  /** `--uidmap` and `--gidmap`. */
  | {readonly kind: 'private'; readonly maps: IdMaps};

/** `default` is what the daemon maps; `host` the machine's ids, also where the daemon maps those of others. */
export type Userns = 'default' | 'host' | OwnUserns;

/** Room for `nobody`, 65534. */
export const defaultIdCount = 65_536;
/** (uid_t)-1 is no id. */
const mostIds = 0xffff_ffff;

/** podman's `auto` and `auto:size=1024`; null when it is neither. */
export function parseAutoUserns(mode: string): OwnUserns | null {
  const [, , digits] = /^auto(:size=([0-9]+))?$/.exec(mode) ?? [];
  if (mode !== 'auto' && digits === undefined) return null;
  const count = digits === undefined ? defaultIdCount : Number(digits);
  return count > 0 && count < mostIds ? {kind: 'auto', count, maps: null} : null;
}

export function formatUserns(userns: Userns): string {
  if (userns === 'default') return '';
  if (userns === 'host') return userns;
  return userns.kind === 'auto' ? `auto:size=${userns.count}` : 'private';
}

/** `inside:outside:count`, each of them; SyntaxError says what is wrong. Root's own id is never one of a container's. */
export function parseIdRanges(texts: readonly string[]): readonly IdRange[] {
  const ranges = texts.map(parseIdRange);
  for (const side of ['inside', 'outside'] as const) {
    const sorted = ranges.toSorted((a, b) => a[side] - b[side]);
    const clash = sorted.find((range, at) => at > 0 && sorted[at - 1]![side] + sorted[at - 1]!.count > range[side]);
    if (clash) throw new SyntaxError(`"${formatIdRange(clash)}" overlaps another one ${side}`);
  }
  if (!ranges.some(({inside}) => inside === 0)) throw new SyntaxError('no id for root inside: one has to begin with 0');
  return ranges;
}

export function formatIdRange({inside, outside, count}: IdRange): string {
  return `${inside}:${outside}:${count}`;
}

function parseIdRange(text: string): IdRange {
  const [, inside, outside, count] = (/^([0-9]+):([0-9]+):([0-9]+)$/.exec(text) ?? []).map(Number);
  if (inside === undefined || outside === undefined || count === undefined)
    throw new SyntaxError(`"${text}" is not inside:outside:count`);
  if (outside === 0) throw new SyntaxError(`"${text}" would give away the id of the machine's root`);
  if (count === 0 || Math.max(inside, outside) + count > mostIds)
    throw new SyntaxError(`"${text}" has none or too many ids`);
  return {inside, outside, count};
}
