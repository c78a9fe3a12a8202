import {readFile} from 'node:fs/promises';
import {errorStatus, TnetError} from '../errors.ts';
import type {ContainerState} from '../model/container.ts';

/** As Docker's: 127 and 126 for a command that is not there or cannot be run, 128 for the rest. */
export function startExitCode(error: unknown): number {
  const exit = error instanceof TnetError ? errorStatus(error.code).exit : 1;
  return exit === 126 || exit === 127 ? exit : 128;
}

/** How long its last run took. */
export function ranMs({startedAt, finishedAt}: ContainerState): number {
  return startedAt === null || finishedAt === null ? 0 : Math.max(0, Date.parse(finishedAt) - Date.parse(startedAt));
}

/** What the shim wrote down; null when it was killed itself. */
export async function readExitRecord(path: string): Promise<{exitCode: number; finishedAt: string} | null> {
  try {
    const {exitCode, finishedAt} = JSON.parse(await readFile(path, 'utf8')) as {exitCode: number; finishedAt: string};
    return {exitCode, finishedAt};
  } catch {
    return null;
  }
}
