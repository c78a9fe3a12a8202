/** Ids of the machine, `count` from `outside` on. */
export interface IdSpan {
  readonly outside: number;
  readonly count: number;
}

/** The lowest `count` ids in a row that lie in one of `available` and in none of `taken`; null when there are none. */
export function allocateIds(available: readonly IdSpan[], taken: readonly IdSpan[], count: number): IdSpan | null {
  const busy = taken.toSorted((a, b) => a.outside - b.outside);
  for (const {outside, count: room} of available.toSorted((a, b) => a.outside - b.outside)) {
    let at = outside;
    for (const span of busy) if (span.outside < at + count) at = Math.max(at, span.outside + span.count);
    if (at + count <= outside + room) return {outside: at, count};
  }
  return null;
}
