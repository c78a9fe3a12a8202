/** A directory of the machine in an image's place, as podman's `--rootfs`. */
export interface HostRootfs {
  /** Absolute; of a container that is made, without links. */
  readonly path: string;
  /** Where what the container writes goes: into the directory itself, or into a layer over it, as with an image. */
  readonly writes: 'directory' | 'layer';
}
