import type {Io} from './context.ts';

export interface Size {
  readonly h: number;
  readonly w: number;
}

/** Of the terminal we print to; null when it is none. */
export function terminalSize({stdout}: Pick<Io, 'stdout'>): Size | null {
  return stdout.isTTY && stdout.rows && stdout.columns ? {h: stdout.rows, w: stdout.columns} : null;
}

/** Every key goes to the container, ctrl-c too, and nothing is echoed here. The returned function ends that; so does the process's end. */
export function enterRawMode({stdin}: Pick<Io, 'stdin'>): () => void {
  if (!stdin.isTTY || stdin.setRawMode === undefined) return () => {};
  stdin.setRawMode(true);
  const restore = (): void => void stdin.setRawMode?.(false);
  const dieOf = (signal: NodeJS.Signals): void => {
    if (process.listenerCount(signal) > 1) return; // it is forwarded
    restore();
    process.off(signal, dieOf);
    process.kill(process.pid, signal);
  };
  const deadly = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;
  for (const signal of deadly) process.on(signal, dieOf);
  process.on('exit', restore);
  return () => {
    restore();
    process.off('exit', restore);
    for (const signal of deadly) process.off(signal, dieOf);
  };
}

/** Calls `use` with the size now, and whenever it changes; the returned function ends that. */
export function followSize(io: Pick<Io, 'stdout'>, use: (size: Size) => void): () => void {
  const tell = (): void => {
    const size = terminalSize(io);
    if (size) use(size);
  };
  tell();
  io.stdout.on('resize', tell);
  return () => void io.stdout.off('resize', tell);
}

/** moby/docker-cli, streams.In.CheckTty: a terminal is wanted where there is none. */
export function refuseMissingTerminal({stdin}: Pick<Io, 'stdin'>, wanted: {tty: boolean; stdin: boolean}): void {
  if (wanted.tty && wanted.stdin && !stdin.isTTY) throw new Error('the input device is not a TTY');
}
