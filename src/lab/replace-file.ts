import {renameSync, writeFileSync} from 'node:fs';

/** Ends the name of a next version until it is whole. No name of a lab, a node or a link has a colon in this place. */
export const unfinished = ':new';

/** A reader, or who comes after a kill, finds the old text or the new one, and never a part. */
export function replaceFile(path: string, text: string, mode = 0o666): void {
  writeFileSync(`${path}${unfinished}`, text, {mode});
  renameSync(`${path}${unfinished}`, path);
}
