import * as v from 'valibot';
import {parseDetachKeys} from '../api/detach-keys.ts';
import type {TerminalSize} from '../model/streams.ts';
import type {ExecConfig} from '../runtime/exec/exec.ts';
import {consoleSize, decodeConsoleSize, decodeStreams, streamFields} from './decode-streams.ts';
import {badRequest, decoding} from './failure.ts';
import {orNull, text, texts, validate} from './validate.ts';

const createBody = v.looseObject({
  ...streamFields,
  Cmd: orNull(texts),
  Env: orNull(texts),
  WorkingDir: orNull(text),
  User: orNull(text),
  Privileged: orNull(v.boolean()),
  DetachKeys: orNull(text),
  ConsoleSize: orNull(consoleSize),
});

/** Body of POST /containers/{id}/exec. Throws ERR_BAD_REQUEST. */
export function decodeExec(input: unknown): ExecConfig {
  const body = validate(createBody, input);
  const args = body.Cmd ?? [];
  if (args.length === 0) throw badRequest('No exec command specified');
  const cwd = body.WorkingDir ?? '';
  if (cwd !== '' && !cwd.startsWith('/'))
    throw badRequest(`the working directory '${cwd}' is invalid, it needs to be an absolute path`);
  const detachKeys = body.DetachKeys ?? '';
  decoding(() => parseDetachKeys(detachKeys));
  return {
    args,
    env: (body.Env ?? []).map(checkVariable),
    cwd,
    user: body.User ?? '',
    privileged: body.Privileged ?? false,
    streams: decodeStreams(body, body.ConsoleSize),
    detachKeys,
  };
}

function checkVariable(variable: string): string {
  if (variable === '' || variable.startsWith('=')) throw badRequest(`invalid environment variable: ${variable}`);
  return variable;
}

const startBody = v.looseObject({
  Detach: orNull(v.boolean()),
  Tty: orNull(v.boolean()),
  ConsoleSize: orNull(consoleSize),
});

export interface DecodedExecStart {
  readonly detach: boolean;
  /** Null: as it was created. */
  readonly size: TerminalSize | null;
}

/** Body of POST /exec/{id}/start; none is as an empty one. */
export function decodeExecStart(input: unknown): DecodedExecStart {
  const {Detach, ConsoleSize} = validate(startBody, input ?? {});
  return {detach: Detach ?? false, size: ConsoleSize ? decodeConsoleSize(ConsoleSize) : null};
}
