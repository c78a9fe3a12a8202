import type {ImageSummary} from '../api/engine-types.ts';
import {type ImageConfig, plainConfig} from '../model/image.ts';
import type {Image} from '../runtime/images/image.ts';
import {encodeHealthcheck} from './encode-health.ts';

/** An entry of GET /images/json. */
export function encodeImageSummary({id, tags, stored}: Image, containers: number): ImageSummary {
  return {
    Id: id,
    ParentId: '',
    RepoTags: tags,
    RepoDigests: [],
    Created: stored ? Math.floor(Date.parse(stored.created) / 1000) : 0,
    Size: stored?.sizeBytes ?? 0,
    SharedSize: -1,
    Containers: containers,
    Labels: stored ? stored.config.labels : null,
  };
}

/** GET /images/{name}/json. */
export function encodeImage({id, tags, stored, lower}: Image, architecture: string): Readonly<Record<string, unknown>> {
  return {
    Id: id,
    RepoTags: tags,
    RepoDigests: [],
    Comment: stored ? stored.comment : "this machine's own root file system, copy-on-write",
    Created: stored?.created ?? '1970-01-01T00:00:00Z',
    Architecture: architecture,
    Os: 'linux',
    Size: stored?.sizeBytes ?? 0,
    Config: encodeConfig(stored?.config ?? {...plainConfig, workingDir: '/'}),
    ...(stored ? {GraphDriver: {Name: 'overlay2', Data: {UpperDir: lower[0]}}} : {}),
    RootFS: {Type: 'layers', Layers: stored ? [stored.layer] : []},
    Metadata: {LastTagTime: stored?.created ?? '0001-01-01T00:00:00Z'},
  };
}

function encodeConfig(config: ImageConfig): Readonly<Record<string, unknown>> {
  return {
    Cmd: orNull(config.cmd),
    Entrypoint: orNull(config.entrypoint),
    Env: orNull(config.env),
    WorkingDir: config.workingDir,
    User: config.user,
    ExposedPorts: setOf(config.exposed),
    Volumes: setOf(config.volumes),
    Labels: Object.keys(config.labels).length > 0 ? config.labels : null,
    ...(config.healthcheck ? {Healthcheck: encodeHealthcheck(config.healthcheck)} : {}),
    ...(config.stopSignal === '' ? {} : {StopSignal: config.stopSignal}),
  };
}

function orNull(texts: readonly string[]): readonly string[] | null {
  return texts.length > 0 ? texts : null;
}

function setOf(names: readonly string[]): Readonly<Record<string, object>> | null {
  return names.length > 0 ? Object.fromEntries(names.map(name => [name, {}])) : null;
}
