import {closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {TnetError} from '../../errors.ts';
import {loadNative} from '../../kernel/native.ts';
import {createSockets} from '../../kernel/sockets.ts';
import type {LabRecord} from '../labs.ts';
import {replaceFile, unfinished} from '../replace-file.ts';
import {type End, formatEnd, parseEnd, type WantedEnd} from './ends.ts';
import {type EndParts, hasNetem, impairEnd, isImpaired} from './impaired-end.ts';
import type {Impairment} from './impairment.ts';

/** A lab's links, as far as they are impaired. One process at a time has them open. */
export interface Wires {
  /** What is set; {} where nothing is, or somebody took it away. */
  read(end: End): Impairment;
  /** All of it, in place of what was. When it fails, what was is there again. */
  set(end: End, impairment: Impairment): Promise<void>;
  list(): readonly WantedEnd[];
  hasNetem(end: End): boolean;
  close(): void;
}

/** A file an end. Not there as long as nothing was ever impaired. */
export function wishesFolder({pid}: Pick<LabRecord, 'pid'>): string {
  return `/proc/${pid}/root/run/lab/impair`;
}

export function openWires({pid}: Pick<LabRecord, 'pid'>): Wires {
  const native = loadNative();
  const parts: EndParts = {native, sockets: createSockets(native), pid};
  const folder = wishesFolder({pid});
  mkdirSync(folder, {recursive: true});
  const lock = openSync(folder, 'r');
  native.lock(lock, 'exclusive', false);
  const read = (end: End): Impairment => {
    const wish = readWish(folder, end);
    return wish !== null && isImpaired(parts, wish) ? wish.impairment : {};
  };
  return {
    read,
    list: () => listWishes(folder).filter(wish => isImpaired(parts, wish)),
    hasNetem: end => hasNetem(parts, end),
    async set(end, impairment) {
      await impairOrKeep(parts, end, {was: read(end), want: impairment});
      saveWish(folder, {...end, impairment});
    },
    close() {
      parts.sockets.close();
      closeSync(lock);
    },
  };
}

async function impairOrKeep(
  parts: EndParts,
  end: End,
  {was, want}: {readonly was: Impairment; readonly want: Impairment},
): Promise<void> {
  try {
    await impairEnd(parts, end, want);
  } catch (cause) {
    await impairEnd(parts, end, was).catch(() => {});
    const why = (cause as Error).message;
    throw new TnetError('ERR_KERNEL', `Cannot impair "${formatEnd(end)}": ${why}; see \`tnet lab doctor\``, {cause});
  }
}

function readWish(folder: string, end: End): WantedEnd | null {
  const path = join(folder, formatEnd(end));
  return existsSync(path) ? {...end, impairment: JSON.parse(readFileSync(path, 'utf8')) as Impairment} : null;
}

function listWishes(folder: string): readonly WantedEnd[] {
  return readdirSync(folder)
    .filter(name => !name.endsWith(unfinished))
    .sort()
    .flatMap(name => readWish(folder, parseEnd(name)) ?? []);
}

function saveWish(folder: string, {impairment, ...end}: WantedEnd): void {
  const path = join(folder, formatEnd(end));
  if (Object.keys(impairment).length === 0) rmSync(path, {force: true});
  else replaceFile(path, JSON.stringify(impairment));
}
