import type {Duplex} from 'node:stream';
import type {Container, ContainerConfig} from '../model/container.ts';

export interface LogLine {
  readonly stream: 'stdout' | 'stderr';
  /** RFC 3339 with nanoseconds. */
  readonly time: string;
  /** With its newline, unless the line was cut or the output ended without one. */
  readonly text: string;
}

export interface LogOptions {
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly follow: boolean;
  /** Last lines only; null is all. */
  readonly tail: number | null;
}

/** Life of containers. `ref` is a name, an id or a unique id prefix; ERR_CONTAINER_NOT_FOUND otherwise. */
export interface Engine {
  list(): readonly Container[];
  get(ref: string): Container;
  /** A name is made up when `name` is null. ERR_NAME_IN_USE, ERR_IMAGE_NOT_FOUND, ERR_NETWORK_NOT_FOUND. */
  create(config: ContainerConfig, name: string | null): Promise<Container>;
  /** ERR_NOT_MODIFIED when it runs already; ERR_COMMAND_NOT_FOUND, ERR_COMMAND_NOT_EXECUTABLE, ERR_PORT_IN_USE … leave it `created`. */
  start(ref: string): Promise<void>;
  /** Sends the stop signal, after the timeout SIGKILL; resolves when it has exited. ERR_NOT_MODIFIED when it does not run. */
  stop(ref: string, options: {readonly timeoutS: number | null; readonly signal: string | null}): Promise<void>;
  kill(ref: string, signal: string): Promise<void>;
  /** ERR_CONFLICT when it runs and `force` is false. */
  remove(ref: string, options: {readonly force: boolean}): Promise<void>;
  /** Exit code. `next-exit` waits for an exit from now on even if it is not running now. */
  wait(ref: string, until: 'not-running' | 'next-exit' | 'removed'): Promise<number>;
  logs(ref: string, options: LogOptions): AsyncIterable<LogLine>;
  /**
   * Live streams. Readable side: Docker's multiplexed frames (`[stream,0,0,0,length BE32]` + payload), ends at exit;
   * writable side: raw stdin, `end()` closes it. Works on a created container too: then nothing of its start is lost.
   */
  attach(ref: string): Promise<Duplex>;
  /** Leaves containers running. */
  close(): Promise<void>;
}
