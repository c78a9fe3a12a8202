import {chmodSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {TnetError} from '../errors.ts';
import {applySysctl, readSysctl} from '../kernel/apply.ts';
import {build} from '../kernel/build.ts';
import type {NamespacePath} from '../kernel/item.ts';
import {loadNative} from '../kernel/native.ts';
import {decodeLink, dumpLinks} from '../kernel/netlink/link.ts';
import {createSockets, type Sockets} from '../kernel/sockets.ts';
import {hold} from './holder/hold.ts';
import {impairedEnds} from './impair/ends.ts';
import {impairLinks} from './impair/impair-links.ts';
import {isAlive, type LabRecord, type Labs, openLabs, startTimeOf} from './labs.ts';
import {startPrograms} from './node-programs.ts';
import {namespaceOf} from './place.ts';
import {namespacesOf, planLab} from './topology/plan-lab.ts';
import {hostNode, type Topology} from './topology/topology.ts';

export interface UpSpec {
  readonly labs: Labs;
  readonly topology: Topology;
  readonly scenario: string | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How a shell in the lab calls tnet: node and the script. */
  readonly tnet: readonly [string, string];
}

/** Brings a lab up. Whatever fails, and whoever kills us: the holder dies with us, and the kernel takes all of it back. */
export async function up({labs, topology, scenario, env, tnet}: UpSpec): Promise<LabRecord> {
  const known = labs.find(topology.name);
  if (known !== null && isAlive(known))
    throw new TnetError(
      'ERR_CONFLICT',
      `Lab "${topology.name}" is up already; \`tnet lab down ${topology.name}\` ends it`,
    );
  const holder = await hold(namespacesOf(topology));
  const {pid} = holder;
  const startTime = startTimeOf(pid) ?? '';
  const record = {name: topology.name, pid, startTime, topology, scenario, startedAt: new Date().toISOString()};
  try {
    buildIn(record);
    writeTools(pid, tnet);
    await impairLinks(record, impairedEnds(topology));
    for (const node of topology.nodes) await startPrograms(record, node, {env, tnet});
    saveBoth(labs, record);
  } catch (cause) {
    process.kill(pid, 'SIGKILL');
    throw cause;
  }
  holder.keep();
  return record;
}

/** Also in the lab itself, for `tnet lab check` in its shell. */
export function saveBoth(labs: Labs, record: LabRecord): void {
  openLabs(`/proc/${record.pid}/root/run/tnet`).save({...record, pid: 1});
  labs.save(record);
}

function buildIn({pid, topology}: LabRecord): void {
  const native = loadNative();
  const sockets = createSockets(native);
  try {
    keepBridgesPlain(
      {native, sockets},
      [hostNode, ...namespacesOf(topology)].map(node => namespaceOf(pid, node)),
    );
    build(
      {native, sockets},
      planLab(topology, node => namespaceOf(pid, node)),
    );
  } finally {
    sockets.close();
  }
}

/** With br_netfilter a new namespace sends what it bridges through its IP rules; without, it cannot. A topology that wants it says so. */
export function keepBridgesPlain(parts: Parameters<typeof build>[0], namespaces: readonly NamespacePath[]): void {
  const paths = ['iptables', 'ip6tables', 'arptables'].map(name => `net/bridge/bridge-nf-call-${name}`);
  if (readSysctl(parts, namespaces[0]!, paths[0]!) === null) return;
  for (const ns of namespaces)
    for (const path of paths) applySysctl(parts, 'add', {kind: 'sysctl', ns, path, value: '0'});
}

/** `tnet` and the small servers that exercises are made of, on the PATH of everybody in the lab. */
function writeTools(pid: number, [node, script]: readonly [string, string]): void {
  const tools = {
    tnet: `exec '${node}' '${script}' "$@"`,
    'lab-serve': `exec '${node}' '${join(dirname(script), 'lab-serve.cjs')}' "$@"`,
  };
  for (const [name, line] of Object.entries(tools)) {
    const path = `/proc/${pid}/root/run/lab/bin/${name}`;
    writeFileSync(path, `#!/bin/sh\n${line}\n`);
    chmodSync(path, 0o755);
  }
}

const carrierTimeoutMs = 1000;

/** A bridge port forwards only after the carrier event, some milliseconds after its creation: until then packets are lost. */
export async function awaitForwarding({pid}: LabRecord): Promise<void> {
  const sockets = createSockets(loadNative());
  try {
    const deadline = performance.now() + carrierTimeoutMs;
    while (!allForward(sockets, namespaceOf(pid, hostNode)) && performance.now() < deadline) await sleep(2);
  } finally {
    sockets.close();
  }
}

function allForward(sockets: Sockets, host: string): boolean {
  const links = sockets
    .route(host)
    .dump(dumpLinks({kind: 'veth'}))
    .map(decodeLink);
  return links.every(({up: isUp, operstate}) => !isUp || operstate === 'up');
}
