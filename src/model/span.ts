/** Whole numbers from `first` to `last`, both among them: ports, VLANs. */
export interface Span {
  readonly first: number;
  readonly last: number;
}

/** In order, and each number once: what overlaps or touches becomes one. */
export function joinSpans(spans: readonly Span[]): readonly Span[] {
  const done: Span[] = [];
  for (const span of [...spans].sort((a, b) => a.first - b.first)) {
    const before = done.at(-1);
    if (before === undefined || span.first > before.last + 1) done.push(span);
    else done.push({first: done.pop()!.first, last: Math.max(before.last, span.last)});
  }
  return done;
}

/** `80`, or `80-89`, as nft and VLAN lists have it. */
export const formatSpan = ({first, last}: Span): string => (first === last ? `${first}` : `${first}-${last}`);

/** What formatSpan() writes. */
export function parseSpan(text: string): Span {
  const [first, last = first] = text.split('-').map(Number) as [number, number?];
  return {first, last};
}
