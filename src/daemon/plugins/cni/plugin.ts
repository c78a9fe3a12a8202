import type {ServerParts} from '../../parts.ts';
import type {CniRequest} from './contract.ts';

export type CniParts = Pick<ServerParts, 'controller' | 'netns' | 'names'>;

/** One plugin of the specification. GC is one for all. What fails throws CniError or TnetError. */
export interface CniPlugin {
  /** Returns the result in the version of the request; when it throws, nothing of it remains. */
  add(parts: CniParts, request: CniRequest): Promise<object>;
  /** What is gone already is no failure. */
  del(parts: CniParts, request: CniRequest): Promise<void>;
  check?(parts: CniParts, request: CniRequest): Promise<void>;
  /** Throws CniError 50 when the next ADD would fail. */
  status?(parts: CniParts, request: CniRequest): Promise<void>;
}
