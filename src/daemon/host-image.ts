import type {ImageSummary} from '../api/engine-types.ts';
import {hostImageId} from '../runtime/images/host-image.ts';

/** The one image there is: a copy-on-write view of this machine's root. */
export const hostImage = {
  name: 'host',
  tag: 'host:latest',
  id: hostImageId,
} as const;

export function isHostImage(ref: string): boolean {
  const bare = ref.replace(/^sha256:/, '');
  return (
    ref === hostImage.name ||
    ref === hostImage.tag ||
    (/^[0-9a-f]{12,64}$/.test(bare) && hostImage.id.startsWith(`sha256:${bare}`))
  );
}

export function imageSummary(containers: number): ImageSummary {
  return {
    Id: hostImage.id,
    ParentId: '',
    RepoTags: [hostImage.tag],
    RepoDigests: [],
    Created: 0,
    Size: 0,
    SharedSize: -1,
    Containers: containers,
    Labels: null,
  };
}

export function imageInspect(architecture: string): Readonly<Record<string, unknown>> {
  return {
    Id: hostImage.id,
    RepoTags: [hostImage.tag],
    RepoDigests: [],
    Comment: "this machine's own root file system, copy-on-write",
    Created: '1970-01-01T00:00:00Z',
    Architecture: architecture,
    Os: 'linux',
    Size: 0,
    Config: {Cmd: null, Entrypoint: null, Env: null, WorkingDir: '/', Labels: null},
    RootFS: {Type: 'layers', Layers: []},
    Metadata: {LastTagTime: '0001-01-01T00:00:00Z'},
  };
}
