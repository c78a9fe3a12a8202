import {isOurGroup} from '../drivers/driver.ts';
import {type Check, containerOf, finding, networkOf} from './finding.ts';

/** Links of ours that belong to nothing come with the drift. */
export const checkLeftovers: Check = ({state, sandboxes, cgroups}) => {
  const ids = [...state.containers.keys()];
  const attached = new Set(Array.from(state.attachments.values(), ({sandbox}) => sandbox));
  const known = (path: string): boolean => attached.has(path) || ids.some(id => path.endsWith(`/${id.slice(0, 12)}`));
  return [
    ...sandboxes
      .filter(path => !known(path))
      .map(path =>
        finding('sandbox-leftover', {object: 'host', what: `The namespace "${path}" belongs to no container.`}),
      ),
    ...cgroups
      .filter(id => !state.containers.has(id))
      .map(id =>
        finding('cgroup-leftover', {object: 'host', what: `The control group "${id}" belongs to no container.`}),
      ),
  ];
};

export const checkLostSandboxes: Check = ({state, lostSandboxes}) =>
  [...state.attachments.values()]
    .filter(({sandbox}) => lostSandboxes.includes(sandbox))
    .map(attachment => {
      const what = `The namespace "${attachment.sandbox}" is gone.`;
      return finding('sandbox-missing', {object: containerOf(state, attachment), what});
    });

/** Devices of others under our names: repair leaves them alone. */
export const checkForeignLinks: Check = ({state, realized, kernel: {links}}) => {
  const foreign = new Set(links.filter(({group}) => !isOurGroup(group)).map(({name}) => name));
  const what = (name: string): string => `Another program has made the device "${name}".`;
  return [
    ...realized
      .filter(({device}) => foreign.has(device))
      .map(network => finding('link-foreign', {object: networkOf(network), what: what(network.device)})),
    ...[...state.attachments.values()]
      .filter(({hostIfname}) => foreign.has(hostIfname))
      .map(each => finding('link-foreign', {object: containerOf(state, each), what: what(each.hostIfname)})),
  ];
};
