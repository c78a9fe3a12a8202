import {join} from 'node:path';

/** The two roots of a daemon; everything of ours on the file system is below them. */
export interface Roots {
  /** State that survives a reboot. */
  readonly root: string;
  /** Sockets and namespaces. */
  readonly runRoot: string;
}

/** Where a container's files are. */
export interface ContainerPlaces {
  readonly stateDir: string;
  readonly log: string;
  readonly exitRecord: string;
  readonly upper: string;
  readonly work: string;
  readonly target: string;
  readonly hosts: string;
  readonly hostname: string;
  readonly resolvConf: string;
  readonly socket: string;
  readonly netns: string;
  /** Where a shareable /dev/shm is mounted. */
  readonly sharedMemory: string;
}

export function containersDir({root}: Roots): string {
  return join(root, 'containers');
}

export function volumesDir({root}: Roots): string {
  return join(root, 'volumes');
}

/** Unpacked layers, by digest. */
export function imagesDir({root}: Roots): string {
  return join(root, 'images');
}

export function layerPath(roots: Roots, digest: string): string {
  return join(imagesDir(roots), digest.replace(/^sha256:/, ''));
}

/** Where a volume's content is; beside it, what we must remember about it. */
export function volumePlaces(roots: Roots, name: string): {readonly dir: string; readonly data: string} {
  const dir = join(volumesDir(roots), name);
  return {dir, data: join(dir, '_data')};
}

export function netnsDir({runRoot}: Roots): string {
  return join(runRoot, 'netns');
}

/** Pins of other runtimes' namespaces. */
export function heldDir({runRoot}: Roots): string {
  return join(runRoot, 'held');
}

export function socketsDir({runRoot}: Roots): string {
  return join(runRoot, 'shim');
}

export function sharedMemoryDir({runRoot}: Roots): string {
  return join(runRoot, 'shm');
}

export function containerPlaces(roots: Roots, id: string): ContainerPlaces {
  const stateDir = join(containersDir(roots), id);
  const inside = (name: string): string => join(stateDir, name);
  return {
    stateDir,
    log: inside('container.log'),
    exitRecord: inside('exit.json'),
    upper: inside('upper'),
    work: inside('work'),
    target: inside('rootfs'),
    hosts: inside('hosts'),
    hostname: inside('hostname'),
    resolvConf: inside('resolv.conf'),
    // A unix socket's path has 107 bytes, so these are named by 12 digits as Docker's netns are.
    socket: join(socketsDir(roots), `${id.slice(0, 12)}.sock`),
    netns: join(netnsDir(roots), id.slice(0, 12)),
    sharedMemory: join(sharedMemoryDir(roots), id.slice(0, 12)),
  };
}
