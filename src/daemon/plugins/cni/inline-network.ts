import {createHash} from 'node:crypto';
import {TnetError} from '../../../errors.ts';
import {ipFamily} from '../../../model/ip.ts';
import type {Network} from '../../../model/network.ts';
import type {Controller} from '../../../network/controller.ts';
import {type NetworkSpec, networkName, type SubnetSpec} from '../../../network/new-network.ts';
import {bridgeFound, bridgePlugged} from '../../../network/options.ts';

/** What a network was made from, so that a configuration that has changed is seen. */
const configLabel = 'tnet.cni.config';

type Networks = Pick<Controller, 'list' | 'create' | 'alter'>;

/** What a configuration says of its network; `over` is what others do not say. */
export interface InlineWords extends Pick<NetworkSpec, 'name' | 'driver' | 'options'> {
  readonly over?: Partial<NetworkSpec>;
}

/** The network a configuration describes. */
export function inlineSpec({name, driver, options, over}: InlineWords, subnets: readonly SubnetSpec[]): NetworkSpec {
  const has = (family: number): boolean => subnets.some(({prefix}) => ipFamily(prefix) === family);
  const words = {name, driver, options, subnets, ipv4: has(4), ipv6: has(6), internal: false, labels: {}, ...over};
  const digest = createHash('sha256').update(JSON.stringify(words)).digest('hex').slice(0, 16);
  return {...words, plugin: 'cni', labels: {[configLabel]: digest}};
}

/** Makes it at its first use, and changes it when its configuration has changed. Throws as create and alter. */
export async function ensureNetwork(controller: Networks, spec: NetworkSpec): Promise<Network> {
  const known = findInline(controller, spec.name);
  if (known === undefined) return createOnce(controller, spec);
  if (known.labels[configLabel] === spec.labels[configLabel]) return known;
  return controller.alter(known.id, spec);
}

export function findInline(controller: Pick<Controller, 'list'>, name: string): Network | undefined {
  const wanted = networkName({plugin: 'cni', name});
  return controller.list().find(network => network.name === wanted);
}

/** The same with some other options; what was its configuration is remembered. */
export async function ensureOptions(
  controller: Networks,
  network: Network,
  options: NetworkSpec['options'],
): Promise<void> {
  const differs = Object.entries(options).some(([option, value]) => network.options[option] !== value);
  if (!differs) return;
  const {[bridgeFound]: _, [bridgePlugged]: __, ...known} = network.options;
  const spec = inlineSpec(
    {name: network.name.replace(/^cni:/, ''), driver: network.driver, options: {...known, ...options}},
    network.subnets,
  );
  await controller.alter(network.id, {...spec, labels: network.labels});
}

/** Several first uses at once make one. */
async function createOnce(controller: Networks, spec: NetworkSpec): Promise<Network> {
  try {
    return await controller.create(spec);
  } catch (error) {
    const made =
      error instanceof TnetError && error.code === 'ERR_NAME_IN_USE' ? findInline(controller, spec.name) : undefined;
    if (made === undefined) throw error;
    return made;
  }
}
