/** Which system calls a container may make. `text` is a profile in Docker's format. */
export type SeccompChoice =
  | {readonly kind: 'default'}
  | {readonly kind: 'unconfined'}
  | {readonly kind: 'profile'; readonly text: string};

/** `--security-opt`. */
export interface Confinement {
  /** Programs that are setuid, or have file capabilities, run without them. */
  readonly noNewPrivileges: boolean;
  readonly seccomp: SeccompChoice;
}

export const defaultConfinement: Confinement = {noNewPrivileges: false, seccomp: {kind: 'default'}};
