/** JSON of the Engine API v1.48: further processes in a container. */

/** Body of POST /containers/{id}/exec. */
export interface ExecCreate {
  readonly Cmd: readonly string[];
  readonly Env?: readonly string[];
  readonly WorkingDir?: string;
  readonly User?: string;
  readonly Privileged?: boolean;
  readonly Tty?: boolean;
  readonly AttachStdin?: boolean;
  readonly AttachStdout?: boolean;
  readonly AttachStderr?: boolean;
  readonly DetachKeys?: string;
  /** Height, width. */
  readonly ConsoleSize?: readonly [number, number];
}

/** Body of POST /exec/{id}/start. */
export interface ExecStart {
  readonly Detach: boolean;
  readonly Tty: boolean;
  readonly ConsoleSize?: readonly [number, number];
}

/** GET /exec/{id}/json. */
export interface ExecInspect {
  readonly ID: string;
  readonly Running: boolean;
  readonly ExitCode: number | null;
  readonly ProcessConfig: {
    readonly tty: boolean;
    readonly entrypoint: string;
    readonly arguments: readonly string[];
    readonly privileged: boolean;
    readonly user: string;
  };
  readonly OpenStdin: boolean;
  readonly OpenStderr: boolean;
  readonly OpenStdout: boolean;
  readonly CanRemove: boolean;
  readonly ContainerID: string;
  readonly DetachKeys: string;
  readonly Pid: number;
}
