import type {Readable, Writable} from 'node:stream';
import type {Client} from '../api/client.ts';
import type {Roots} from '../api/roots.ts';

export type Input = Readable & {readonly isTTY?: boolean; setRawMode?(raw: boolean): unknown};
export type Output = Writable & {readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number};

/** The process as a command sees it; tests give their own. */
export interface Io {
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Context {
  /** Not spread into the context: the getters of process.stdin and process.stderr cost milliseconds. */
  readonly io: Io;
  roots(): Roots;
  /** A client of the daemon, which is started when there is none. */
  connect(): Promise<Client>;
  print(line: string): void;
  /** Says what failed, and goes on: the exit code will be 1. */
  fail(message: string): void;
  /** Exit code when nothing is thrown any more. */
  exitWith(code: number): void;
}
