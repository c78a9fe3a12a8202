import type {StreamsConfig} from '../../model/streams.ts';

/** What a further process in a container is to be. */
export interface ExecConfig {
  readonly args: readonly string[];
  /** Over the container's own. */
  readonly env: readonly string[];
  /** '' is the container's. */
  readonly cwd: string;
  /** '' is the container's. */
  readonly user: string;
  readonly privileged: boolean;
  readonly streams: StreamsConfig;
  /** As Docker writes them; '' is ctrl-p,ctrl-q. */
  readonly detachKeys: string;
  /** A health check's: the next daemon does not wait for it. */
  readonly probe?: true;
}

export interface ExecState {
  readonly status: 'created' | 'running' | 'exited';
  /** Seen from the host; 0 when it does not run. */
  readonly pid: number;
  /** Null until it has ended. */
  readonly exitCode: number | null;
}

export interface Exec {
  /** 64 hex digits. */
  readonly id: string;
  /** Id of its container. */
  readonly container: string;
  readonly config: ExecConfig;
  readonly state: ExecState;
}

export const neverRun: ExecState = {status: 'created', pid: 0, exitCode: null};
