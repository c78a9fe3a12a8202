import type {CommanderError} from 'commander';
import {ApiError} from '../api/api-error.ts';
import {TnetError} from '../errors.ts';

/** One line for whatever was thrown. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const {code} = error as NodeJS.ErrnoException;
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'ECONNREFUSED')
    return 'the daemon went away; containers go on, try again';
  // One line a problem: each begins with its place in the file.
  if (error.name === 'DocumentError') return error.message.replaceAll('\n', '\ntnet: ');
  return error.message.replace(/\s*\n\s*/g, ' ');
}

/** 125, 126 and 127 of `run` are Docker's: ours, not executable, not found. 1 of `trace` is the packet's fate, and 1 of `lab check` the learner's. Everything else fails with 1. */
export function exitCode(error: unknown, command: string): number {
  if (command === 'trace') return 125;
  if (command === 'lab') return 2;
  if (command !== 'run') return 1;
  const code = error instanceof ApiError || error instanceof TnetError ? error.code : null;
  if (code === 'ERR_COMMAND_NOT_FOUND') return 127;
  return code === 'ERR_COMMAND_NOT_EXECUTABLE' ? 126 : 125;
}

/** Commander's sentence with the way to more help; '' when it has printed that help itself. */
export function usageMessage({code, message}: CommanderError, words: readonly string[]): string {
  if (code === 'commander.help') return '';
  const text = message.replace(/^error: /, '').replace(/\n\(?(Did you mean [^\n)]*)\)?/, '. $1');
  const missing = /^missing required argument '([^']*)'/.exec(text);
  const command = ['tnet', ...(code === 'commander.unknownCommand' ? words.slice(0, -1) : words)].join(' ');
  const misplaced = /^unknown option '(--(?:run-)?root)\b/.exec(text);
  if (misplaced) return `${misplaced[1]} goes before the command: tnet ${misplaced[1]} <dir> ${words.join(' ')}`;
  const sentence = missing ? `'${command}' needs at least one ${missing[1]}, none was given` : text;
  return `${sentence}\nSee '${command} --help'.`;
}
