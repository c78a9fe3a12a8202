import type {LogRotation} from '../../model/log-config.ts';
import type {TerminalSize} from '../../model/streams.ts';
import type {LaunchIsolation} from './isolation.ts';
import type {PlacedMount} from './plan-mounts.ts';

/** What the shim needs to place one process. Paths are absolute and on the host unless said otherwise. */
export interface RunSpec {
  readonly id: string;
  /** Holds `exit.json` (exit record) and `container.log` (json-file), written by the shim. */
  readonly stateDir: string;
  /** Unix socket of the shim: output, stdin, exit. At most 107 bytes. */
  readonly socketPath: string;
  readonly rootfs: Rootfs;
  /** Path of the network namespace to enter; null stays in the host's. */
  readonly netns: string | null;
  /** Directory of the container's cgroup in the unified hierarchy, for CLONE_INTO_CGROUP; null when there is none. */
  readonly cgroupDir: string | null;
  readonly args: readonly string[];
  /** `NAME=value`, complete. */
  readonly env: readonly string[];
  /** Inside the container; made when missing, as Docker does. */
  readonly cwd: string;
  readonly hostname: string;
  readonly binds: readonly BindMount[];
  /** What the user mounts. */
  readonly mounts: readonly PlacedMount[];
  /** Paths inside the container hidden behind /dev/null or an empty directory, besides Docker's own list. */
  readonly masks: readonly string[];
  /** Without `CAP_`. */
  readonly capabilities: readonly string[];
  readonly settings: LaunchSettings;
  readonly confinement: LaunchConfinement;
  readonly isolation: LaunchIsolation;
  /** Keep a pipe for stdin; otherwise it is /dev/null. */
  readonly openStdin: boolean;
  /** Nobody will hear it: without a terminal its output goes to /dev/null, and what holds that does not delay the word of its end. */
  readonly silent: boolean;
  /** A terminal of this size in place of pipes; null is pipes. */
  readonly tty: TerminalSize | null;
  /** Null is no log at all. */
  readonly log: {readonly rotation: LogRotation | null} | null;
}

/** A further process in a container that runs. */
export interface ExecSpec {
  /** As the container is launched, but for what is the process's own: its command, variables, streams, capabilities. */
  readonly run: RunSpec;
  /** Socket of the container's shim. */
  readonly containerSocket: string;
  /** Of its own shim. */
  readonly socketPath: string;
  readonly exitRecord: string;
}

export type Rootfs = OverlayRootfs | DirectoryRootfs;

export interface OverlayRootfs {
  /** Topmost first. */
  readonly lower: readonly string[];
  readonly upper: string;
  readonly work: string;
  /** Empty directory on which the overlay is assembled, in the container's own mount namespace. */
  readonly target: string;
}

/** A directory of the host as it is: what the container writes is written there. */
export interface DirectoryRootfs {
  /** Without links, which the shim refuses. */
  readonly source: string;
  /** Empty directory over which it is hung, in the container's own mount namespace. */
  readonly target: string;
}

export interface BindMount {
  readonly source: string;
  /** Inside the container. */
  readonly target: string;
  readonly readonly: boolean;
}

/** Who the process is, and what is set for it alone. */
export interface LaunchSettings {
  /** `[user][:group]`, looked up inside. */
  readonly user: string;
  readonly groups: readonly string[];
  /** Paths below /proc/sys and their values. */
  readonly sysctls: readonly (readonly [path: string, value: string])[];
  /** RLIMIT_… by number; -1 is no limit. */
  readonly rlimits: readonly {readonly resource: number; readonly soft: number; readonly hard: number}[];
  /** null leaves that of the daemon. */
  readonly oomScoreAdj: number | null;
  readonly shmSizeBytes: number;
  readonly devices: readonly BoundDevice[];
  /** The host's program that is to be pid 1 and start `args`; null: they are pid 1. */
  readonly initPath: string | null;
}

/** A device of the host that is to be seen inside. */
export interface BoundDevice {
  readonly source: string;
  readonly target: string;
  readonly type: 'b' | 'c';
  readonly major: number;
  readonly minor: number;
  /** Of `r`, `w` and `m`: what its cgroup grants. */
  readonly access: string;
}

export interface LaunchConfinement {
  readonly noNewPrivileges: boolean;
  /** `struct sock_filter[]` in hex; null: every system call. */
  readonly seccomp: string | null;
}
