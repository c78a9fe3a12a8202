/** In characters; 0 is unknown. */
export interface TerminalSize {
  readonly width: number;
  readonly height: number;
}

/** How a container's first process is talked to. */
export interface StreamsConfig {
  /** `-t`: a terminal in place of pipes; there is one stream of output then. */
  readonly tty: boolean;
  readonly consoleSize: TerminalSize;
  /** The first client that ends its input, or leaves, ends the container's. */
  readonly stdinOnce: boolean;
  /** What the client that created it is going to attach to; told by inspect, and used by no one here. */
  readonly attach: {readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean};
}

export const unknownSize: TerminalSize = {width: 0, height: 0};

/** Pipes, and nobody attached. */
export const detachedStreams: StreamsConfig = {
  tty: false,
  consoleSize: unknownSize,
  stdinOnce: false,
  attach: {stdin: false, stdout: false, stderr: false},
};
