import {once} from 'node:events';
import {connect, type Socket} from 'node:net';
import type {TerminalSize} from '../../model/streams.ts';
import {encodeFrame, frameTypes, splitFrames} from './frames.ts';

export interface ExitRecord {
  /** 128 + n after signal n. */
  readonly exitCode: number;
  /** RFC 3339, nanoseconds. */
  readonly finishedAt: string;
}

/** One client of a container's shim. */
export interface ShimConnection {
  /** Output from now on, in Docker's frames (`[1 stdout | 2 stderr,0,0,0,length BE32]` + payload), each whole. */
  subscribe(onFrame: (frame: Buffer) => void): void;
  /** Called once, with the system's reason, when its log could not be written; not of a connection that subscribes. */
  onLogLoss(use: (why: string) => void): void;
  /** Stops reading; beyond 1 MiB of unread output the shim lets the container wait. */
  pause(): void;
  resume(): void;
  /** `done` is called when the shim can take more. What a container no longer reads is dropped. */
  writeStdin(chunk: Buffer, done?: () => void): void;
  endStdin(done?: () => void): void;
  /** To pid 1 of the container, by pidfd: never to a process that got its number later. */
  signal(signal: number): void;
  /** Of its terminal, if it has one. */
  resize(size: TerminalSize): void;
  /** After all output; null when the connection ended without it: closed here, or the launch failed, or the shim was killed. Never rejects. */
  readonly exited: Promise<ExitRecord | null>;
  close(): void;
}

/** Connects to the shim that listens on `path`. Fails as connect(2): ENOENT or ECONNREFUSED when there is none. */
export async function connectShim(path: string): Promise<ShimConnection> {
  const socket = connect(path);
  await once(socket, 'connect');
  let onOutput: (frame: Buffer) => void = () => {};
  let onLoss: (why: string) => void = () => {};
  const exited = readUntilExit(socket, frame => {
    if (frame[0] === frameTypes.logLoss) onLoss(frame.toString('utf8', 8));
    else onOutput(frame);
  });
  const send = (type: number, payload: Buffer, done: () => void = () => {}): void => {
    // After the exit the callback gets an error; nobody is left to whom it would matter.
    socket.write(encodeFrame(type, payload), () => done());
  };
  return {
    subscribe(onFrame) {
      onOutput = onFrame;
      send(frameTypes.subscribe, Buffer.alloc(0));
    },
    onLogLoss(use) {
      onLoss = use;
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    writeStdin(chunk, done) {
      if (chunk.length > 0) send(frameTypes.stdin, chunk, done);
      else done?.();
    },
    endStdin: done => send(frameTypes.stdin, Buffer.alloc(0), done),
    signal: signal => send(frameTypes.signal, Buffer.of(signal)),
    resize({width, height}) {
      const payload = Buffer.alloc(4);
      payload.writeUInt16BE(width, 0);
      payload.writeUInt16BE(height, 2);
      send(frameTypes.resize, payload);
    },
    exited,
    close: () => void socket.destroy(),
  };
}

async function readUntilExit(socket: Socket, onOutput: (frame: Buffer) => void): Promise<ExitRecord | null> {
  let record: ExitRecord | null = null;
  const take = splitFrames(frame => {
    if (frame[0] === frameTypes.exit) record = JSON.parse(frame.toString('utf8', 8)) as ExitRecord;
    else onOutput(frame);
  });
  socket.on('data', take);
  socket.on('error', () => {}); // reset by a killed shim; 'close' follows
  await new Promise(resolve => socket.once('close', resolve));
  return record;
}
