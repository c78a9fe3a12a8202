import type {Attachment} from '../../../model/attachment.ts';
import {undoing} from '../../../network/undoing.ts';
import type {ServerParts} from '../../parts.ts';
import {loopbackUp, sandboxAt} from '../foreign-sandbox.ts';
import {type PluginAnswer, type PluginCall, succeeded} from '../plugin-call.ts';
import {namesOption} from '../sandbox-names.ts';
import {decodeHook, type HookCall} from './decode-hook.ts';
import {forgetLent, lendDevice} from './lend-devices.ts';
import {readDevices} from './read-devices.ts';

type Parts = Pick<ServerParts, 'controller' | 'held' | 'names' | 'netns'>;

/** Whose attachments these are: ids of containers may be the same elsewhere. */
const marker = {'tnet.plugin': 'oci'};

/** A hook of runc or crun. What it prints on stderr the runtime shows. */
export async function answerOci(parts: Parts, call: PluginCall): Promise<PluginAnswer> {
  try {
    const hook = decodeHook(call.args, call.input);
    await verbs[hook.verb](parts, hook);
    return succeeded();
  } catch (error) {
    return {code: 1, stdout: '', stderr: `tnet-oci-hook: ${(error as Error).message}\n`};
  }
}

const verbs: Readonly<Record<HookCall['verb'], (parts: Parts, hook: HookCall) => Promise<void>>> = {
  createRuntime: join,
  poststop: leave,
};

/** All devices and networks or none. The namespace is the runtime's and goes with the container, unless we have lent it something. */
async function join(parts: Parts, hook: HookCall): Promise<void> {
  const {controller, held, names} = parts;
  const given = sandboxAt(`/proc/${hook.pid}/ns/net`, parts.netns);
  const devices = hook.bundle === '' ? [] : readDevices(hook.bundle);
  await leave(parts, hook); // what a crash has left of its name makes way
  await undoing(
    async () => {
      const sandbox = devices.length === 0 ? given : await held.hold(hook.id, given);
      await controller.adjust(loopbackUp(sandbox));
      for (const device of devices) await lendDevice(controller, {sandbox, owner: hook.id, options: marker}, device);
      for (const [i, network] of hook.networks.entries())
        await controller.attach({
          network,
          sandbox,
          owner: hook.id,
          ifname: null,
          // Ports lead to the gateway, whichever holds them; an address is of the first network.
          addresses: i === 0 ? hook.addresses : [],
          mac: null,
          ports: i === 0 ? hook.ports : [],
          names: hook.names,
          gatewayPriority: 0,
          options: {...marker, ...(controller.get(network).name === 'bridge' ? {} : {[namesOption]: 'true'})},
        });
      await names.serve(sandbox);
    },
    () => leave(parts, hook),
  );
}

/** What cannot be given back keeps its namespace, and may be asked for again. */
async function leave({controller, held: sandboxes, names}: Parts, {id}: HookCall): Promise<void> {
  const held: readonly Attachment[] = controller
    .attachmentsOf({owner: id})
    .filter(({options}) => options['tnet.plugin'] === marker['tnet.plugin']);
  try {
    await controller.detach(...held.map(each => each.id));
  } finally {
    for (const sandbox of new Set(held.map(each => each.sandbox))) await names.serve(sandbox);
  }
  await sandboxes.release(id);
  await forgetLent(controller);
}
