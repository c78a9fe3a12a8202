import {closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {TnetError} from '../errors.ts';
import {loadNative} from '../kernel/native.ts';
import {replaceFile} from './replace-file.ts';
import type {Topology} from './topology/topology.ts';

/** What is known of a lab that is up, or was while it was built: one JSON file. All else is in its holder's namespaces. */
export interface LabRecord {
  readonly name: string;
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: a number alone may be somebody else's tomorrow. */
  readonly startTime: string;
  readonly topology: Topology;
  /** What it is being made into; still there when that was cut off. */
  readonly pending?: Topology;
  /** Folder of the exercise it was started for. */
  readonly scenario: string | null;
  readonly startedAt: string;
}

/** The labs of one run root; a machine's are below /run/tnet/labs. */
export interface Labs {
  list(): readonly LabRecord[];
  /** Throws ERR_BAD_REQUEST when there is none of that name, or its holder died. */
  get(name: string): LabRecord;
  /** Null where nothing of that name is. */
  find(name: string): LabRecord | null;
  save(record: LabRecord): void;
  /** Does a job while nobody else changes labs of this run root. */
  locked<T>(job: () => Promise<T>): Promise<T>;
  forget(name: string): void;
}

export function openLabs(runRoot: string): Labs {
  const folder = join(runRoot, 'labs');
  const path = (name: string): string => join(folder, `${name}.json`);
  const find: Labs['find'] = name => {
    try {
      return JSON.parse(readFileSync(path(name), 'utf8')) as LabRecord;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw new TnetError('ERR_STORE', `Cannot read lab "${name}": ${(error as Error).message}`, {cause: error});
    }
  };
  const list: Labs['list'] = () => namesIn(folder).flatMap(name => find(name) ?? []);
  return {
    list,
    find,
    get(name) {
      const record = find(name);
      if (record !== null && isAlive(record)) return record;
      const others = list().filter(isAlive);
      const known =
        others.length === 0 ? '`tnet lab up` makes one' : `up are: ${others.map(lab => lab.name).join(', ')}`;
      throw new TnetError('ERR_BAD_REQUEST', `Lab "${name}" is not up; ${known}`);
    },
    save(record) {
      mkdirSync(folder, {recursive: true, mode: 0o711});
      replaceFile(path(record.name), JSON.stringify(record), 0o600);
    },
    async locked(job) {
      mkdirSync(folder, {recursive: true, mode: 0o711});
      const fd = openSync(folder, 'r');
      try {
        loadNative().lock(fd, 'exclusive', false);
        return await job();
      } finally {
        closeSync(fd);
      }
    },
    forget(name) {
      rmSync(path(name), {force: true});
    },
  };
}

/** What a lab may be made as: its topology, and the one that an apply was cut off on the way to. */
export function topologiesOf({topology, pending}: Pick<LabRecord, 'topology' | 'pending'>): readonly Topology[] {
  return pending === undefined ? [topology] : [topology, pending];
}

export function isAlive({pid, startTime}: Pick<LabRecord, 'pid' | 'startTime'>): boolean {
  return startTimeOf(pid) === startTime;
}

/** Null for a process that is gone, or dead and not yet reaped. */
export function startTimeOf(pid: number): string | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? null : fields[19]!;
  } catch {
    return null;
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .flatMap(file => /^(.+)\.json$/.exec(file)?.[1] ?? [])
      .sort();
  } catch {
    return [];
  }
}
