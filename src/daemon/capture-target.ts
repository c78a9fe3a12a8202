import {TnetError} from '../errors.ts';
import {type ChooseTaps, chooseAll, chooseBridge, type Tap} from '../kernel/capture/taps.ts';
import type {Container} from '../model/container.ts';
import type {Network} from '../model/network.ts';
import {badRequest} from './failure.ts';
import type {ServerParts} from './parts.ts';
import {ownerNames} from './views.ts';

type TargetParts = Pick<ServerParts, 'controller' | 'engine'>;

/** What to capture, and what to call it. */
export interface CaptureTarget {
  readonly netns: string | null;
  readonly choose: ChooseTaps;
  readonly comment: string;
  describe(tap: Tap): string;
  /** When the capture should end by itself; null is never. */
  readonly over: Promise<unknown> | null;
}

/** A container or a network by name or id; `type` '' is either. ERR_BAD_REQUEST when it could be both. */
export function findCaptureTarget(parts: TargetParts, ref: string, type: string): CaptureTarget {
  if (ref === '') throw badRequest('target is missing: want a container or a network');
  if (!['', 'container', 'network'].includes(type))
    throw badRequest(`invalid type "${type}": want container or network`);
  const container = type === 'network' ? null : orNull(() => parts.engine.get(ref));
  const network = type === 'container' ? null : orNull(() => parts.controller.get(ref));
  if (container !== null && network !== null)
    throw badRequest(`"${ref}" is a container and a network: say which with --type container or --type network`);
  if (container !== null) return ofContainer(parts, container);
  if (network !== null) return ofNetwork(parts, network);
  throw new TnetError('ERR_CONTAINER_NOT_FOUND', `No such ${type === '' ? 'container or network' : type}: ${ref}`);
}

/** By its process, whatever its network mode: the namespace may be its own, another container's or the host's. */
function ofContainer({engine}: TargetParts, {id, name, state}: Container): CaptureTarget {
  if (state.status !== 'running')
    throw new TnetError('ERR_CONFLICT', `Cannot capture container "${name}": it is not running`);
  return {
    netns: `/proc/${state.pid}/ns/net`,
    choose: chooseAll,
    comment: `container "${name}" (${id.slice(0, 12)})`,
    describe: () => `container ${name}`,
    over: engine.wait(id, 'not-running').catch(() => {}),
  };
}

function ofNetwork(parts: TargetParts, {id, name, device}: Network): CaptureTarget {
  if (device === '')
    throw new TnetError(
      'ERR_UNSUPPORTED',
      `Cannot capture network "${name}": it has no device of its own; capture a container on it`,
    );
  const describe = ({link}: Tap): string => {
    if (link.name === device) return `network ${name}, the host's frames`;
    const attachment = parts.controller.attachmentsOf({network: id}).find(({hostIfname}) => hostIfname === link.name);
    return attachment === undefined ? `network ${name}` : `container ${ownerNames(parts)(attachment.owner)}`;
  };
  return {
    netns: null,
    choose: chooseBridge(device),
    comment: `network "${name}" (${id.slice(0, 12)}), device ${device}; each frame once, where it enters`,
    describe,
    over: null,
  };
}

function orNull<T>(get: () => T): T | null {
  try {
    return get();
  } catch (error) {
    if (error instanceof TnetError && /NOT_FOUND$/.test(error.code)) return null;
    throw error;
  }
}
