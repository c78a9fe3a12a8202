import type {ServerParts} from '../../parts.ts';
import type {DefaultLink} from './decode-network.ts';

export interface NetavarkParts extends Pick<ServerParts, 'controller' | 'names' | 'netns'> {
  readonly defaultLink: DefaultLink;
}
