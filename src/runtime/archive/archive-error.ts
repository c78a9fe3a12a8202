import {type ErrorCode, TnetError} from '../../errors.ts';
import type {Container} from '../../model/container.ts';
import {FilesError} from './run-files.ts';

export interface Asked {
  readonly container: Container;
  /** As the user called it. */
  readonly ref: string;
  readonly path: string;
}

/** In Docker's words, where it has some (moby daemon/archive.go, pkg/archive). */
export function archiveError(cause: unknown, asked: Asked): unknown {
  if (!(cause instanceof FilesError)) return cause;
  const {step, call, name, path, text} = cause.failure;
  const error = (code: ErrorCode, message: string): TnetError => new TnetError(code, message, {cause});
  const isLookup = call === 'open' || call === 'stat';
  if (isLookup && ['stat', 'pack', 'unpack'].includes(step)) {
    if (name === 'ENOTDIR' && step === 'unpack') return error('ERR_BAD_REQUEST', 'extraction point is not a directory');
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'].includes(name))
      return error('ERR_PATH_NOT_FOUND', `Could not find the file ${asked.path} in container ${asked.ref}`);
  }
  if (name === 'EROFS') return error('ERR_FORBIDDEN', `${readonlyPlace(asked)} is marked read-only`);
  if (call === 'unpack' && name === 'EISDIR')
    return error('ERR_BAD_REQUEST', `cannot overwrite directory "${path}" with non-directory "${path}"`);
  if (call === 'unpack' && name === 'ENOTDIR')
    return error('ERR_BAD_REQUEST', `cannot overwrite non-directory "${path}" with directory "${path}"`);
  return (
    unpackError(cause) ??
    error('ERR_LAUNCH', `Cannot ${step} "${asked.path}" of container ${asked.ref}: ${call} "${path}": ${text}`)
  );
}

/** What is wrong with an archive, wherever it goes; null when that is not the reason. */
export function unpackError(cause: FilesError): TnetError | null {
  const {call, name, path} = cause.failure;
  if (call === 'tar') return new TnetError('ERR_BAD_REQUEST', `invalid archive: ${path}`, {cause});
  if (call !== 'unpack') return null;
  const why =
    name === 'ENOTSUP' ? 'a kind of entry that is not supported' : 'leads outside, or is no entry for an image';
  return new TnetError('ERR_BAD_REQUEST', `invalid archive: "${path}": ${why}`, {cause});
}

function readonlyPlace({container, path}: Asked): string {
  const covers = ({target, readonly}: {target: string; readonly: boolean}): boolean =>
    readonly && (path === target || path.startsWith(`${target}/`));
  return container.config.storage.mounts.some(covers) ? 'mounted volume' : 'container rootfs';
}
