import * as v from 'valibot';
import type {Isolation, OfContainer} from '../model/isolation.ts';
import {normalizeCapabilities} from '../runtime/launch/capabilities.ts';
import {decodeUserns, usernsFields} from './decode-userns.ts';
import {badRequest} from './failure.ts';
import {orNull, text, texts, validate} from './validate.ts';

export const isolationFields = {
  PidMode: orNull(text),
  IpcMode: orNull(text),
  UTSMode: orNull(text),
  UsernsMode: orNull(text),
  ...usernsFields,
  CgroupnsMode: orNull(text),
  Privileged: orNull(v.boolean()),
  CapAdd: orNull(texts),
  CapDrop: orNull(texts),
  ReadonlyRootfs: orNull(v.boolean()),
  MaskedPaths: orNull(texts),
  ReadonlyPaths: orNull(texts),
};

const schema = v.object(isolationFields);
type IsolationFields = v.InferOutput<typeof schema>;

/** Docker's words: moby api/types/container/hostconfig.go and daemon/container.go. `hostname` is what the user gave. */
export function decodeIsolation(fields: IsolationFields, hostname: string): Isolation {
  const uts = choose(fields.UTSMode, ['host'], 'UTS mode');
  if (uts === 'host' && hostname !== '') throw badRequest('conflicting options: hostname and the UTS mode');
  return {
    pid: decodeMode(fields.PidMode, ['private', 'host'], 'PID mode'),
    ipc: decodeMode(fields.IpcMode, ['private', 'none', 'shareable', 'host'], 'IPC mode'),
    userns: decodeUserns(fields),
    uts: uts ?? 'private',
    cgroupns: choose(fields.CgroupnsMode, ['private', 'host'], 'cgroup namespace mode') ?? 'private',
    privileged: fields.Privileged ?? false,
    capAdd: decodeCapabilities(fields.CapAdd, 'CapAdd'),
    capDrop: decodeCapabilities(fields.CapDrop, 'CapDrop'),
    readonlyRootfs: fields.ReadonlyRootfs ?? false,
    maskedPaths: decodePaths(fields.MaskedPaths),
    readonlyPaths: decodePaths(fields.ReadonlyPaths),
  };
}

/** Only what concerns isolation, of a HostConfig with more. */
export function pickIsolation(hostConfig: Readonly<Record<string, unknown>>): IsolationFields {
  return validate(schema, hostConfig);
}

function choose<const T extends string>(mode: string | null | undefined, known: readonly T[], what: string): T | null {
  if (!mode) return null;
  const found = known.find(each => each === mode);
  if (found === undefined) throw badRequest(`invalid ${what}: ${mode}`);
  return found;
}

function decodeMode<const T extends string>(
  mode: string | null | undefined,
  known: readonly ['private', ...T[]],
  what: string,
): {readonly kind: T | 'private'} | OfContainer {
  const container = /^container:(.+)$/.exec(mode ?? '')?.[1];
  if (container !== undefined) return {kind: 'container', container};
  return {kind: choose<T | 'private'>(mode, known, what) ?? 'private'};
}

function decodeCapabilities(names: readonly string[] | null | undefined, field: string): readonly string[] {
  try {
    return normalizeCapabilities(names ?? []);
  } catch (cause) {
    throw badRequest(`invalid ${field}: ${(cause as Error).message}`);
  }
}

function decodePaths(paths: readonly string[] | null | undefined): readonly string[] | null {
  for (const path of paths ?? []) if (!path.startsWith('/')) throw badRequest(`invalid path "${path}": not absolute`);
  return paths ?? null;
}
