/** `count` ids from `inside` on, in a user namespace, are those from `outside` on of the machine. */
export interface IdRange {
  readonly inside: number;
  readonly outside: number;
  readonly count: number;
}

/** Of one user namespace; both map 0. */
export interface IdMaps {
  readonly uids: readonly IdRange[];
  readonly gids: readonly IdRange[];
}

/** As `/proc/<pid>/uid_map` takes it. */
export function formatIdMap(ranges: readonly IdRange[]): string {
  return ranges.map(({inside, outside, count}) => `${inside} ${outside} ${count}\n`).join('');
}

/** The id on the machine of one inside; null when it has none there. */
export function outsideId(ranges: readonly IdRange[], id: number): number | null {
  const range = ranges.find(({inside, count}) => id >= inside && id < inside + count);
  return range === undefined ? null : range.outside + id - range.inside;
}

/** Ids of root inside. */
export function rootOutside({uids, gids}: IdMaps): {readonly uid: number; readonly gid: number} {
  return {uid: outsideId(uids, 0)!, gid: outsideId(gids, 0)!};
}
