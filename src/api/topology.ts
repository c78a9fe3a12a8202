import type {Attachment} from '../model/attachment.ts';
import type {NetworkMode} from '../model/container.ts';
import type {Network} from '../model/network.ts';

/** Answer to `GET /tnet/topology`: one moment of everything, in our own words. Docker's API knows no devices. */
export interface TopologyAnswer {
  readonly networks: readonly Network[];
  readonly attachments: readonly Attachment[];
  /** Those that run. */
  readonly containers: readonly TopologyContainer[];
}

export interface TopologyContainer {
  readonly id: string;
  readonly name: string;
  readonly network: NetworkMode;
}
