/** How many of something may be held at once, in all and by one owner. */
export interface Quota {
  /** The function gives it back, once; null when there is none left. */
  take(owner: string): (() => void) | null;
}

export function createQuota({total, each}: {readonly total: number; readonly each: number}): Quota {
  const held = new Map<string, number>();
  let all = 0;
  const count = (owner: string, by: 1 | -1): void => {
    all += by;
    const now = (held.get(owner) ?? 0) + by;
    if (now === 0) held.delete(owner);
    else held.set(owner, now);
  };
  return {
    take(owner) {
      if (all >= total || (held.get(owner) ?? 0) >= each) return null;
      count(owner, 1);
      let given = false;
      return () => {
        if (!given) count(owner, -1);
        given = true;
      };
    },
  };
}
