import type {Mac} from '../../../model/mac.ts';
import type {NetworkDriver} from '../../../model/network.ts';
import type {Fields} from './fields.ts';
import type {Ipam} from './ipam.ts';

/** What a plugin that makes links is configured to: a network in our words, and how a sandbox is put on it. */
export interface MainConfig {
  /** Of the CNI network. */
  readonly name: string;
  readonly driver: NetworkDriver;
  readonly options: Readonly<Record<string, string>>;
  readonly ipam: Ipam;
  /** A default route by the gateway, whatever the address management says. */
  readonly defaultGateway: boolean;
  readonly mac: Mac | null;
  /** Options of the attachment. */
  readonly attachment?: Readonly<Record<string, string>>;
  /** Comes before that of the address management, if it says anything. */
  readonly dns: Fields;
}
