import type {Healthcheck} from './healthcheck.ts';

/** What an image says about containers made of it; Docker's image config. */
export interface ImageConfig {
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  /** `NAME=value`. */
  readonly env: readonly string[];
  readonly workingDir: string;
  readonly user: string;
  /** `80/tcp`. */
  readonly exposed: readonly string[];
  readonly volumes: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** '' when it has none. */
  readonly stopSignal: string;
  readonly healthcheck?: Healthcheck;
}

export const plainConfig: ImageConfig = {
  entrypoint: [],
  cmd: [],
  env: [],
  workingDir: '',
  user: '',
  exposed: [],
  volumes: [],
  labels: {},
  stopSignal: '',
};

/** An image of one layer that is kept on disk. */
export interface StoredImage {
  /** `sha256:` and 64 hex digits, of what the image is: layer and config. */
  readonly id: string;
  /** `name:tag`; empty when another image took the last one. */
  readonly tags: readonly string[];
  /** `sha256:` of the layer's uncompressed tar: names its directory. */
  readonly layer: string;
  readonly sizeBytes: number;
  readonly created: string;
  readonly comment: string;
  readonly config: ImageConfig;
}
