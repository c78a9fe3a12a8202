import {randomBytes} from 'node:crypto';
import {TnetError} from '../errors.ts';
import type {Attachment} from '../model/attachment.ts';
import {putAttachment, removeAttachment} from '../model/attachment-index.ts';
import type {Container} from '../model/container.ts';
import type {StoredImage} from '../model/image.ts';
import type {Network} from '../model/network.ts';
import type {State, SysctlChange} from '../model/state.ts';
import type {Volume} from '../model/volume.ts';
import {attachmentRows} from './attachment-rows.ts';
import {type Database, openDatabase} from './database.ts';
import {schema, schemaVersion} from './schema.ts';

/** What one transaction writes. A put replaces the row with the same id. */
export interface Change {
  readonly put?: {
    readonly networks?: readonly Network[];
    readonly attachments?: readonly Attachment[];
    readonly containers?: readonly Container[];
    readonly volumes?: readonly Volume[];
    readonly images?: readonly StoredImage[];
    readonly sysctls?: readonly SysctlChange[];
  };
  readonly remove?: {
    readonly networks?: readonly string[];
    readonly attachments?: readonly string[];
    readonly containers?: readonly string[];
    /** Names. */
    readonly volumes?: readonly string[];
    readonly images?: readonly string[];
    /** Paths. */
    readonly sysctls?: readonly string[];
  };
}

/** The daemon's memory: `state` is always what the disk holds. Only one daemon opens it. */
export interface Store {
  readonly state: State;
  /** 12 hex digits, made once: names what belongs to this store outside of it, as its cgroups. */
  readonly instance: string;
  /** Counts the commits that changed networks or attachments: what was derived from them before is old. */
  revision(): number;
  /**
   * All or nothing; safe from the death of the daemon when it returns, and from a power cut if more changed than attachments,
   * sysctls and networks of CNI and podman. Throws ERR_STORE; a broken uniqueness names what is taken.
   */
  commit(change: Change): void;
  close(): void;
}

/** Opens or creates the database at `path` (`:memory:` for tests). An unreadable one is an error, never "empty". */
export function openStore(path: string): Store {
  try {
    const database = openDatabase(path);
    migrate(database);
    return createStore(database);
  } catch (cause) {
    if (cause instanceof TnetError) throw cause;
    throw new TnetError('ERR_STORE', `Cannot open store "${path}": ${(cause as Error).message}`, {cause});
  }
}

function createStore(database: Database): Store {
  const state = load(database);
  const write = statements(database, state);
  const synchronize = synchronizer(database);
  let revision = 0;
  return {
    state,
    instance: String(rows(database, "SELECT value AS json FROM meta WHERE key = 'instance'")[0]),
    commit(change) {
      synchronize(isLostWithPower(change, state) ? 'NORMAL' : 'FULL');
      transaction(database, () => write(change));
      applyChange(state, change);
      for (const {networks, attachments} of [change.put ?? {}, change.remove ?? {}])
        if (networks?.length || attachments?.length) revision++;
    },
    revision: () => revision,
    close: () => database.close(),
  };
}

/**
 * A power cut takes sandboxes, links and the host's settings with it, and networks that another runtime describes with every call
 * are made again by the next one: their rows need not be on the disk before the answer,
 * whose fsync was a fifth of an attach. In WAL mode NORMAL means none at a commit; an earlier state is found, never a broken one.
 */
function isLostWithPower({put = {}, remove = {}}: Change, state: State): boolean {
  const networks = [...(put.networks ?? []), ...(remove.networks ?? []).flatMap(id => state.networks.get(id) ?? [])];
  const isMadeAgain = networks.every(({name}) => /^(cni|podman):/.test(name));
  const lost = ['attachments', 'sysctls', ...(isMadeAgain ? ['networks'] : [])];
  return [put, remove].every(part => Object.keys(part).every(table => lost.includes(table)));
}

/** The pragma cannot be given within a transaction. */
function synchronizer(database: Database): (mode: 'NORMAL' | 'FULL') => void {
  let now = '';
  return mode => {
    if (mode !== now) database.exec(`PRAGMA synchronous = ${mode}`);
    now = mode;
  };
}

function migrate(database: Database): void {
  const [{user_version: version}] = database.prepare('PRAGMA user_version').all() as [{user_version: number}];
  if (version > schemaVersion)
    throw new TnetError(
      'ERR_STORE',
      `Cannot open store: its schema ${version} is newer than this tnet's ${schemaVersion}; use the newer tnet`,
    );
  if (version === schemaVersion) return;
  if (version > 0)
    throw new TnetError(
      'ERR_STORE',
      `Cannot open store: its schema ${version} is of a tnet before the first release; remove the state root's tnet.db`,
    );
  transaction(database, () => {
    database.exec(schema);
    database.prepare("INSERT INTO meta (key, value) VALUES ('instance', ?)").run(randomBytes(6).toString('hex'));
    database.exec(`PRAGMA user_version = ${schemaVersion}`);
  });
}

/** BEGIN IMMEDIATE: a deferred one can fail to upgrade its lock half-way. */
function transaction(database: Database, body: () => void): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    body();
    database.exec('COMMIT');
  } catch (cause) {
    database.exec('ROLLBACK');
    if (cause instanceof TnetError) throw cause;
    throw new TnetError('ERR_STORE', `Cannot write store: ${(cause as Error).message}`, {cause});
  }
}

export interface MutableState {
  readonly networks: Map<string, Network>;
  readonly attachments: Map<string, Attachment>;
  readonly containers: Map<string, Container>;
  readonly volumes: Map<string, Volume>;
  readonly images: Map<string, StoredImage>;
  readonly sysctls: Map<string, SysctlChange>;
}

function load(database: Database): MutableState {
  const table = <T>(name: TableName, key: (value: T) => string): Map<string, T> =>
    new Map(
      rows(database, `SELECT json FROM ${name} ORDER BY rowid`)
        .map(json => JSON.parse(json) as T)
        .map(value => [key(value), value]),
    );
  return {
    networks: table<Network>('networks', ({id}) => id),
    attachments: table<Attachment>('attachments', ({id}) => id),
    containers: table<Container>('containers', ({id}) => id),
    volumes: table<Volume>('volumes', ({name}) => name),
    images: table<StoredImage>('images', ({id}) => id),
    sysctls: table<SysctlChange>('sysctls', ({path}) => path),
  };
}

/** Each table and its key; in the order in which rows go: a lease before its network. */
const keys = {
  attachments: 'id',
  networks: 'id',
  containers: 'id',
  volumes: 'name',
  images: 'id',
  sysctls: 'path',
} as const;
type TableName = keyof typeof keys;
const tables = Object.keys(keys) as readonly TableName[];

function rows(database: Database, sql: string): string[] {
  return database
    .prepare(sql)
    .all()
    .map(row => (row as {json: string}).json);
}

const upsert = 'ON CONFLICT (id) DO UPDATE SET json = excluded.json';

/** `state` is what is written already. */
function statements(database: Database, state: State): (change: Change) => void {
  const network = database.prepare(`INSERT INTO networks (id, name, idx, json) VALUES (?, ?, ?, ?) ${upsert}`);
  const writeAttachment = attachmentRows(database);
  const container = database.prepare(
    `INSERT INTO containers (id, name, json) VALUES (?, ?, ?) ${upsert}, name = excluded.name`,
  );
  // The first value found is the host's own.
  const sysctl = database.prepare('INSERT OR IGNORE INTO sysctls (path, json) VALUES (?, ?)');
  const volume = database.prepare(
    'INSERT INTO volumes (name, json) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET json = excluded.json',
  );
  const image = database.prepare(`INSERT INTO images (id, json) VALUES (?, ?) ${upsert}`);
  const removals = tables.map(name => {
    const statement = database.prepare(`DELETE FROM ${name} WHERE ${keys[name]} = ?`);
    return {name, statement};
  });
  return ({put, remove}) => {
    for (const {name, statement} of removals) for (const id of remove?.[name] ?? []) statement.run(id);
    for (const n of put?.networks ?? []) network.run(n.id, n.name, n.index, JSON.stringify(n));
    for (const a of put?.attachments ?? [])
      writeAttachment(a, remove?.attachments?.includes(a.id) ? undefined : state.attachments.get(a.id));
    for (const c of put?.containers ?? []) container.run(c.id, c.name, JSON.stringify(c));
    for (const v of put?.volumes ?? []) volume.run(v.name, JSON.stringify(v));
    for (const i of put?.images ?? []) image.run(i.id, JSON.stringify(i));
    for (const change of put?.sysctls ?? []) sysctl.run(change.path, JSON.stringify(change));
  };
}

/** The same in memory. */
export function applyChange(state: MutableState, {put, remove}: Change): void {
  for (const name of tables)
    for (const key of remove?.[name] ?? [])
      if (name === 'attachments') removeAttachment(state.attachments, key);
      else state[name].delete(key);
  for (const value of put?.networks ?? []) state.networks.set(value.id, value);
  for (const value of put?.attachments ?? []) putAttachment(state.attachments, value);
  for (const value of put?.containers ?? []) state.containers.set(value.id, value);
  for (const value of put?.volumes ?? []) state.volumes.set(value.name, value);
  for (const value of put?.images ?? []) state.images.set(value.id, value);
  for (const change of put?.sysctls ?? []) if (!state.sysctls.has(change.path)) state.sysctls.set(change.path, change);
}
