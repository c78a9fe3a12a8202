/** A directory that outlives containers. The driver is always `local`. */
export interface Volume {
  readonly name: string;
  readonly created: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Of `local`: `type`, `device` and `o`, as mount(8) takes them; empty is a plain directory. */
  readonly options: Readonly<Record<string, string>>;
}

/** Docker's mark of a volume nobody named: it goes with its container on `rm -v` and `--rm`. */
export const anonymousLabel = 'com.docker.volume.anonymous';

export function isAnonymous({labels}: Volume): boolean {
  return Object.hasOwn(labels, anonymousLabel);
}
