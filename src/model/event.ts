import type {Container} from './container.ts';

export type EventType = 'container' | 'network' | 'volume' | 'image' | 'daemon';

/** Something that has happened, in Docker's words for it. */
export interface Happening {
  readonly type: EventType;
  /** `start`, `die`, `exec_create: ls -l` … */
  readonly action: string;
  /** Of the thing it happened to: an id, a volume's name. */
  readonly id: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface Event extends Happening {
  /** ns since 1970; every event has its own. A number would round it. */
  readonly timeNs: bigint;
}

/** Tells whoever listens. Never throws and never waits: call it when the thing has happened and is written down. */
export type Emit = (happening: Happening) => void;

/** Docker tells no more of a volume, nor of its labels. */
export function volumeEvent(name: string, action: string): Happening {
  return {type: 'volume', action, id: name, attributes: {driver: 'local'}};
}

/** A container mounts a volume, or gives it back; moby daemon/volumes_unix.go names the attributes so. */
export function volumeMountEvents({id, config}: Container, action: 'mount' | 'unmount'): readonly Happening[] {
  return config.storage.mounts.flatMap(mount => {
    if (mount.kind !== 'volume') return [];
    const where = {destination: mount.target, propagation: '', 'read/write': String(!mount.readonly)};
    const attributes = {driver: 'local', container: id, ...(action === 'mount' ? where : {})};
    return [{type: 'volume', action, id: mount.name, attributes} as const];
  });
}

/** `name` is a tag; without one the id stands for it. */
export function imageEvent(id: string, action: string, name: string = id): Happening {
  return {type: 'image', action, id, attributes: {name}};
}

/** For an image's id the host's name will do: `attributes` add to the container's own, its labels among them. */
export function containerEvent(
  {id, name, config}: Container,
  action: string,
  attributes: Happening['attributes'] = {},
): Happening {
  return {
    type: 'container',
    action,
    id,
    attributes: {...config.labels, image: config.rootfs?.path ?? config.image, name, ...attributes},
  };
}
