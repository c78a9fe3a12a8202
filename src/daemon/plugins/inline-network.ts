import {createHash} from 'node:crypto';
import {TnetError} from '../../errors.ts';
import type {Network} from '../../model/network.ts';
import type {Controller} from '../../network/controller.ts';
import {type NetworkSpec, networkName} from '../../network/new-network.ts';

/** What a network was made from, so that a definition that has changed is seen. */
const definitionLabel = 'tnet.definition';

type Networks = Pick<Controller, 'list' | 'create' | 'alter'>;

/** A network that another runtime defines anew with every call: `podman:NAME`. */
export type InlineSpec = NetworkSpec & Required<Pick<NetworkSpec, 'plugin'>>;

/** Makes it at its first use, and changes it when its definition has changed. Throws as create and alter. */
export async function ensureInline(controller: Networks, bare: InlineSpec): Promise<Network> {
  const spec = {...bare, labels: {...bare.labels, [definitionLabel]: digest(bare)}};
  const known = findInline(controller, spec);
  if (known === undefined) return createOnce(controller, spec);
  if (known.labels[definitionLabel] === spec.labels[definitionLabel]) return known;
  return controller.alter(known.id, spec);
}

export function findInline(
  controller: Pick<Controller, 'list'>,
  spec: Pick<InlineSpec, 'plugin' | 'name'>,
): Network | undefined {
  const wanted = networkName(spec);
  return controller.list().find(({name}) => name === wanted);
}

/** Several first uses at once make one. */
async function createOnce(controller: Networks, spec: InlineSpec): Promise<Network> {
  try {
    return await controller.create(spec);
  } catch (error) {
    const made = isCode(error, 'ERR_NAME_IN_USE') ? findInline(controller, spec) : undefined;
    if (made === undefined) throw error;
    return made;
  }
}

/** Takes away what nothing is attached to any more. */
export async function removeUnused(
  controller: Pick<Controller, 'attachmentsOf' | 'remove'>,
  {id}: Network,
): Promise<void> {
  if (controller.attachmentsOf({network: id}).length > 0) return;
  try {
    await controller.remove(id);
  } catch (error) {
    // Somebody came, or was faster.
    if (!isCode(error, 'ERR_NETWORK_IN_USE') && !isCode(error, 'ERR_NETWORK_NOT_FOUND')) throw error;
  }
}

export function isCode(error: unknown, code: TnetError['code']): boolean {
  return error instanceof TnetError && error.code === code;
}

function digest(spec: NetworkSpec): string {
  return createHash('sha256').update(JSON.stringify(spec)).digest('hex').slice(0, 16);
}
