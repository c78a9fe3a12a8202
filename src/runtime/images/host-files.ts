import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';

/** How the host image looks at the machine; tests give it a tree of their own. */
export interface HostFiles {
  /** Names in a directory; none when it is missing, no directory or unreadable. */
  list(dir: string): readonly string[];
  /** '' when it is missing or unreadable. */
  read(path: string): string;
  exists(path: string): boolean;
}

/** Files below `root`, named as if it were `/`. */
export function hostFiles(root = '/'): HostFiles {
  return {
    // Asking first: a missing folder is the usual case, and an exception costs four times as much as the question.
    list: dir => (existsSync(join(root, dir)) ? orElse([], () => readdirSync(join(root, dir))) : []),
    read: path => orElse('', () => readFileSync(join(root, path), 'utf8')),
    exists: path => existsSync(join(root, path)),
  };
}

function orElse<T>(fallback: T, action: () => T): T {
  try {
    return action();
  } catch {
    return fallback;
  }
}
