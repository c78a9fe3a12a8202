import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import type {Readable} from 'node:stream';
import {text} from 'node:stream/consumers';
import {pipeline} from 'node:stream/promises';

export interface LocalSource {
  readonly directory: string;
  /** A name in it, `.` for its content. */
  readonly name: string;
  /** What the archive calls it. */
  readonly as: string;
  readonly links: 'keep' | 'follow';
}

/** An archive of the user's own files, by the system's tar(1). Its stream fails when tar does. */
export function packLocal({directory, name, as, links}: LocalSource): Readable {
  const rename = name === as ? [] : ['--transform', `flags=rh;s,^${escapePattern(name)},${escapeText(as)},`];
  const follow = links === 'follow' ? ['--dereference'] : [];
  const tar = spawn('tar', ['--create', ...follow, ...rename, '--directory', directory, '--', name], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const archive = tar.stdout as Readable;
  awaitTar(tar).catch(error => archive.destroy(error as Error));
  return archive;
}

/** Into an existing directory. Owners are kept with `owner: 'keep'` alone. */
export async function unpackLocal(
  archive: Readable,
  {directory, owner}: {readonly directory: string; readonly owner: 'keep' | 'mine'},
): Promise<void> {
  const ownership = owner === 'keep' ? ['--same-owner', '--numeric-owner'] : ['--no-same-owner'];
  const tar = spawn('tar', ['--extract', '--preserve-permissions', ...ownership, '--directory', directory], {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  const ended = awaitTar(tar);
  ended.catch(() => {}); // told below
  await pipeline(archive, tar.stdin!).catch(error => {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  });
  await ended;
}

async function awaitTar(tar: ChildProcess): Promise<void> {
  const [errors, [code]] = await Promise.all([text(tar.stderr!), once(tar, 'exit')]);
  if (code !== 0) throw new Error(errors.trim().split('\n')[0] || `tar: exit ${String(code)}`);
}

/** sed's basic regular expressions, between commas. */
function escapePattern(name: string): string {
  return name.replace(/[\\.*^$[\],]/g, '\\$&');
}

function escapeText(text: string): string {
  return text.replace(/[\\&,]/g, '\\$&');
}
