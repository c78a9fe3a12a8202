import {lstatSync, mkdirSync, mkdtempSync, renameSync, rmSync, type Stats, statSync} from 'node:fs';
import {basename, dirname, join, resolve} from 'node:path';
import type {Readable} from 'node:stream';
import {pipeline} from 'node:stream/promises';
import {ApiError} from '../api/api-error.ts';
import type {Client} from '../api/client.ts';
import {packLocal, unpackLocal} from '../api/local-tar.ts';
import type {Context} from './context.ts';

export interface CopyOptions {
  readonly archive?: boolean;
  readonly followLink?: boolean;
}

export interface ContainerPlace {
  readonly container: string;
  readonly path: string;
}

type Options = CopyOptions & {readonly context: Context};

/** The rules of `docker cp`: into a directory that exists, or under the target's own name; `x/.` is the content of x. */
export async function copyFromContainer(from: ContainerPlace, target: string, options: Options): Promise<void> {
  const {context, archive} = options;
  const client = await context.connect();
  const source = options.followLink ? await followLink(client, from) : from;
  const {isDirectory} = await statInside(client, source);
  const stream = await client.stream('GET', archivePath(source), {query: {path: source.path}});
  if (target === '-') return pipeline(stream, context.io.stdout, {end: false});
  const owner = archive ? 'keep' : 'mine';
  const place = placeHere(target, {isDirectory, isContent: /\/\.$/.test(source.path)});
  if (place.kind === 'into') return unpackLocal(stream, {directory: place.directory, owner});
  await unpackAs(stream, {path: place.path, name: lastName(source.path), owner});
}

export async function copyToContainer(source: string, to: ContainerPlace, options: Options): Promise<void> {
  const {context} = options;
  if (source === '-') {
    const client = await context.connect();
    return putArchive(client, to, context.io.stdin);
  }
  const stats = statHere(source, options);
  const isContent = /(^|\/)\.$/.test(source);
  const client = await context.connect();
  const target = await placeInside(client, to, {isDirectory: stats.isDirectory(), isContent});
  const path = resolve(source);
  await putArchive(
    client,
    {container: to.container, path: target.directory},
    packLocal({
      directory: isContent ? path : dirname(path),
      name: isContent ? '.' : basename(path),
      as: isContent ? '.' : (target.name ?? basename(path)),
      links: options.followLink ? 'follow' : 'keep',
    }),
  );
}

interface Kind {
  readonly isDirectory: boolean;
  /** `x/.`: what is in it, not itself. */
  readonly isContent: boolean;
}

type Here = {readonly kind: 'into'; readonly directory: string} | {readonly kind: 'as'; readonly path: string};

function placeHere(target: string, {isDirectory, isContent}: Kind): Here {
  const existing = statOrNull(target);
  if (existing?.isDirectory()) return {kind: 'into', directory: target};
  if (existing && (isDirectory || target.endsWith('/')))
    throw new Error(`cannot copy directory: "${target}" is a file`);
  if (!existing && !isDirectory && target.endsWith('/')) throw new Error(`no such directory: "${target}"`);
  if (!statOrNull(dirname(resolve(target)))?.isDirectory())
    throw new Error(`invalid output path: directory "${dirname(resolve(target))}" does not exist`);
  if (!isContent) return {kind: 'as', path: resolve(target)};
  mkdirSync(target);
  return {kind: 'into', directory: target};
}

/** Beside its target, so that one rename gives it its name. */
async function unpackAs(
  stream: Readable,
  {path, name, owner}: {readonly path: string; readonly name: string; readonly owner: 'keep' | 'mine'},
): Promise<void> {
  const directory = mkdtempSync(join(dirname(path), '.tnet-cp-'));
  try {
    await unpackLocal(stream, {directory, owner});
    renameSync(join(directory, name), path);
  } finally {
    rmSync(directory, {recursive: true, force: true});
  }
}

interface Inside {
  readonly directory: string;
  /** The name it gets there; null keeps its own. */
  readonly name: string | null;
}

async function placeInside(client: Client, to: ContainerPlace, {isDirectory, isContent}: Kind): Promise<Inside> {
  const target = await followLink(client, to).catch(ignoreMissing);
  const existing = target && (await statInside(client, target).catch(ignoreMissing));
  if (existing?.isDirectory) return {directory: target!.path, name: null};
  if (existing && isDirectory)
    throw new Error(`cannot copy directory: "${to.path}" in container ${to.container} is a file`);
  if (to.path.endsWith('/') && (existing || !isDirectory))
    throw new Error(`no such directory: "${to.path}" in container ${to.container}`);
  if (isContent) throw new Error(`no such directory: "${to.path}" in container ${to.container}`);
  const path = (target ?? to).path.replace(/\/+$/, '');
  return {directory: dirname(path), name: basename(path)};
}

async function followLink(client: Client, place: ContainerPlace): Promise<ContainerPlace> {
  const {linkTarget} = await statInside(client, place);
  return linkTarget === '' ? place : {...place, path: resolve(dirname(place.path), linkTarget)};
}

interface Status {
  readonly isDirectory: boolean;
  readonly linkTarget: string;
}

/** The header is JSON in base64; the mode is Go's, whose topmost bit is a directory's. */
async function statInside(client: Client, place: ContainerPlace): Promise<Status> {
  const {headers} = await client.stream('HEAD', archivePath(place), {query: {path: place.path}}).catch(error => {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
    // An answer to HEAD has no body, so the daemon cannot say it itself.
    const message = `Could not find the file ${place.path} in container ${place.container}`;
    throw new ApiError(message, {status: 404});
  });
  const json = Buffer.from(String(headers['x-docker-container-path-stat']), 'base64').toString();
  const {mode, linkTarget} = JSON.parse(json) as {mode: number; linkTarget: string};
  return {isDirectory: mode >= 2 ** 31, linkTarget};
}

async function putArchive(client: Client, {container, path}: ContainerPlace, archive: Readable): Promise<void> {
  await client.upload('PUT', archivePath({container}), {query: {path, noOverwriteDirNonDir: true}, input: archive});
}

function archivePath({container}: Pick<ContainerPlace, 'container'>): string {
  return `/containers/${encodeURIComponent(container)}/archive`;
}

function statHere(path: string, {followLink: follow}: CopyOptions): Stats {
  try {
    return follow || path.endsWith('/') ? statSync(path) : lstatSync(path);
  } catch (cause) {
    throw new Error(`${path}: no such file or directory`, {cause});
  }
}

function statOrNull(path: string): Stats | null {
  return statSync(path, {throwIfNoEntry: false}) ?? null;
}

function lastName(path: string): string {
  return basename(path) || '.';
}

function ignoreMissing(error: unknown): null {
  if (error instanceof ApiError && error.status === 404) return null;
  throw error;
}
