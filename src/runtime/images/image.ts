import type {StoredImage} from '../../model/image.ts';
import type {HostFiles} from './host-files.ts';

/** What a container is made from. */
export interface Image {
  /** `sha256:` and 64 hex digits; the same on every machine and in every version. */
  readonly id: string;
  readonly name: string;
  /** `name:tag`. */
  readonly tags: readonly string[];
  /** Directories of the overlay, topmost first. */
  readonly lower: readonly string[];
  /** Paths of the image that no container may read: hidden behind /dev/null or an empty directory. */
  readonly masks: readonly string[];
  /** `NAME=value`. */
  readonly env: readonly string[];
  /** Run when the user gives no command. */
  readonly cmd: readonly string[];
  /** What the user should know, a sentence each. */
  readonly notes: readonly string[];
  /** Of one that is kept on disk: its config says more about its containers. */
  readonly stored?: StoredImage;
}

/** What resolving needs to know of this machine. */
export interface ImageSource {
  /** Where tnet keeps its own files (state and run root): never visible inside. */
  readonly roots: readonly string[];
  readonly files: HostFiles;
  /** Those kept on disk. */
  readonly stored?: () => readonly Image[];
}
