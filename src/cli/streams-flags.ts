import type {Command} from 'commander';
import type {ContainerCreate} from '../api/engine-types.ts';
import {collect, parsePairs} from './parse.ts';
import type {ForegroundOptions} from './run-foreground.ts';
import type {Size} from './terminal.ts';

/** How a container is talked to and what is kept of it, as commander leaves it. */
export interface StreamsOptions {
  readonly tty?: boolean;
  /** Of our terminal; the container's begins so. */
  readonly size?: Size | null;
  readonly detachKeys?: string;
  readonly sigProxy?: string;
  readonly logDriver?: string;
  readonly logOpt?: readonly string[];
}

export function streamsFlags(command: Command): Command {
  return command
    .option('-t, --tty', 'give it a terminal')
    .option('--log-driver <driver>', 'json-file or none')
    .option('--log-opt <name=value>', 'max-size=10m, max-file=3 (repeatable)', collect);
}

/** Of who stays with it. */
export function foregroundFlags(command: Command): Command {
  return command
    .option('--detach-keys <keys>', 'what leaves it running (ctrl-p,ctrl-q)')
    .option('--sig-proxy <bool>', 'forward our signals (true)');
}

type Streams = Partial<Pick<ContainerCreate, 'Tty' | 'StdinOnce' | 'AttachStdin' | 'AttachStdout' | 'AttachStderr'>>;

export function streamsBody(options: StreamsOptions & {detach?: boolean; interactive?: boolean}): Streams {
  const attached = !options.detach;
  const stdin = attached && (options.interactive ?? false);
  return {
    Tty: options.tty ?? false,
    StdinOnce: stdin,
    AttachStdin: stdin,
    AttachStdout: attached,
    AttachStderr: attached,
  };
}

/** Its part of HostConfig. */
export function streamsHostBody({
  tty,
  size,
  logDriver,
  logOpt,
}: StreamsOptions): Pick<ContainerCreate['HostConfig'], 'ConsoleSize' | 'LogConfig'> {
  return {
    ...(tty && size ? {ConsoleSize: [size.h, size.w] as const} : {}),
    ...(logDriver === undefined && logOpt === undefined
      ? {}
      : {LogConfig: {Type: logDriver ?? '', Config: parsePairs(logOpt ?? [])}}),
  };
}

export function foregroundOptions(
  {tty, detachKeys, sigProxy}: StreamsOptions,
  {interactive, rm}: {readonly interactive?: boolean; readonly rm?: boolean},
): ForegroundOptions {
  return {
    interactive: interactive ?? false,
    rm: rm ?? false,
    tty: tty ?? false,
    sigProxy: sigProxy !== 'false',
    ...(detachKeys === undefined ? {} : {detachKeys}),
  };
}
