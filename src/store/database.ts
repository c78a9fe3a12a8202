import {createRequire} from 'node:module';

/** The part of node:sqlite's API that we use; all calls are synchronous. */
export interface Database {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}

export interface Statement {
  run(...parameters: readonly SqlValue[]): unknown;
  all(...parameters: readonly SqlValue[]): unknown[];
}

export type SqlValue = string | number | null;

interface SqliteModule {
  readonly DatabaseSync: new (path: string, options: {timeout: number}) => Database;
}

/** Opens with a busy timeout: node:sqlite's default is 0, and setting WAL before the timeout fails under contention. */
export function openDatabase(path: string): Database {
  const {DatabaseSync} = loadSqlite();
  const database = new DatabaseSync(path, {timeout: 5000});
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;');
  return database;
}

/** node:sqlite exists from Node 22.5 on; before, its clone from npm serves (facts/deps.md §2). */
function loadSqlite(): SqliteModule {
  const builtin = (process.getBuiltinModule as (name: string) => unknown)('node:sqlite');
  return (builtin ?? createRequire(import.meta.url)('@photostructure/sqlite')) as SqliteModule;
}
