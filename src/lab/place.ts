import type {NamespacePath} from '../kernel/item.ts';
import type {Place} from './holder/enter.ts';
import type {LabRecord} from './labs.ts';
import {hostNode} from './topology/topology.ts';

/** A node's namespace as the rest of the machine reaches it: through the holder's own view of the file system. */
export function namespaceOf(holderPid: number, node: string): NamespacePath {
  return node === hostNode ? `/proc/${holderPid}/ns/net` : `/proc/${holderPid}/root/run/netns/${node}`;
}

/** Inside, tnet finds a daemon of the lab's own, whose everything lies in the lab's /run. */
export function placeIn({pid, name, scenario}: LabRecord, node: string, env: Place['env']): Place {
  return {
    holderPid: pid,
    node,
    cwd: scenario ?? process.cwd(),
    env: {
      ...env,
      PATH: `/run/lab/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
      TNET_LAB: name,
      TNET_NODE: node,
      TNET_ROOT: '/run/lab/tnet',
      TNET_RUN_ROOT: '/run/tnet',
      DOCKER_HOST: 'unix:///run/tnet/tnet.sock',
    },
  };
}

/** The other way. */
export function nodeOf(holderPid: number, path: NamespacePath): string {
  return path === namespaceOf(holderPid, hostNode) ? hostNode : path.replace(/^.*\//, '');
}
