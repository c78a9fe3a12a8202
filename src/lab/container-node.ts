import {execFile} from 'node:child_process';
import {resolve} from 'node:path';
import {promisify} from 'node:util';
import {TnetError} from '../errors.ts';
import {enterCollecting, type Finished} from './holder/enter.ts';
import type {LabRecord} from './labs.ts';
import {placeIn} from './place.ts';
import {hostNode, type TopologyNode} from './topology/topology.ts';

/** How programs of a lab are started: the environment, and how tnet is called on the machine. */
export interface StartSpec {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly tnet: readonly [string, string];
}

export type ContainerNode = TopologyNode & {readonly image: string};

export function isContainer(node: TopologyNode): node is ContainerNode {
  return node.image !== undefined;
}

/**
 * Starts a node that is a container, of the lab's own daemon. Its network namespace is the node's, made and linked before: the
 * links are there when the command begins, and stay whatever becomes of the container.
 */
export async function runContainer(record: LabRecord, node: ContainerNode, spec: StartSpec): Promise<void> {
  const {name, run} = node;
  const {flags, command} = await rootOf(node.image, spec);
  const network = `ns:/run/netns/${name}`;
  const words = ['run', '-d', '--name', name, '--hostname', name, '--network', network, ...flags];
  await inLab(record, [...words, ...(run.length === 0 ? command : ['sh', '-c', run[0]!])], spec);
}

export async function restartContainer(record: LabRecord, name: string, spec: StartSpec): Promise<void> {
  await inLab(record, ['restart', name], spec);
}

/** One that is gone already is no failure. */
export async function removeContainer(record: LabRecord, name: string, spec: StartSpec): Promise<void> {
  try {
    await inLab(record, ['rm', '-f', name], spec);
  } catch (error) {
    if (!/No such container/.test((error as Error).message)) throw error;
  }
}

/** `run` up to the image, or what stands in its place, and the command where the file says none. */
interface Root {
  readonly flags: readonly string[];
  readonly command: readonly string[];
}

/** The lab's daemon has no images but `host`: a layer of the machine's is taken where it lies, with a layer of the lab over it. */
async function rootOf(image: string, spec: StartSpec): Promise<Root> {
  if (image === 'host') return {flags: ['host'], command: ['sleep', 'infinity']};
  if (/^[./]/.test(image))
    return {flags: ['--rootfs', `${resolve(image)}:O`], command: ['sh', '-c', 'exec sleep infinity']};
  const {GraphDriver, Config} = await inspectImage(image, spec);
  const {Env, WorkingDir, User, Entrypoint, Cmd} = Config;
  return {
    flags: [
      ...(Env ?? []).flatMap(pair => ['-e', pair]),
      ...(WorkingDir === '' ? [] : ['-w', WorkingDir]),
      ...(User === '' ? [] : ['-u', User]),
      '--rootfs',
      `${GraphDriver.Data.UpperDir}:O`,
    ],
    command: [...(Entrypoint ?? []), ...(Cmd ?? [])],
  };
}

interface ImageInspect {
  readonly GraphDriver: {readonly Data: {readonly UpperDir: string}};
  readonly Config: {
    readonly Env: readonly string[] | null;
    readonly WorkingDir: string;
    readonly User: string;
    readonly Entrypoint: readonly string[] | null;
    readonly Cmd: readonly string[] | null;
  };
}

async function inspectImage(image: string, {tnet: [node, script], env}: StartSpec): Promise<ImageInspect> {
  try {
    const words = [script, 'image', 'inspect', image];
    const {stdout} = await promisify(execFile)(node, words, {env: env as NodeJS.ProcessEnv});
    return (JSON.parse(stdout) as readonly [ImageInspect])[0];
  } catch (cause) {
    const {stderr = ''} = cause as {stderr?: string};
    throw new TnetError(
      'ERR_BAD_REQUEST',
      `Cannot use image "${image}": ${stderr.trim()}; \`tnet image import\` makes one`,
      {cause},
    );
  }
}

const timeoutMs = 60_000;

async function inLab(record: LabRecord, words: readonly string[], {env}: StartSpec): Promise<Finished> {
  const finished = await enterCollecting(placeIn(record, hostNode, env), ['tnet', ...words], timeoutMs);
  if (finished.code === 0) return finished;
  throw new TnetError('ERR_LAUNCH', `Cannot ${words[0]} container in lab "${record.name}": ${finished.output.trim()}`);
}
