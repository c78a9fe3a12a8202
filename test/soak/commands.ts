import assert from 'node:assert/strict';
import type {Tnet} from '../fixture/tnet.ts';
import {isIdle, type Wanted, type World} from './wanted.ts';

/** 8 ms to start, where a node would take 40. */
const server =
  'use IO::Socket::INET; my $s = IO::Socket::INET->new(Listen => 9, LocalPort => 80, ReuseAddr => 1) or die; while (my $c = $s->accept) { my $q = <$c>; print $c "HTTP/1.0 200 OK\\r\\n\\r\\n$ENV{NAME}\\n"; close $c }';

export interface Actor {
  readonly tnet: Tnet;
  readonly world: World;
  readonly random: () => number;
  /** Never twice the same. */
  readonly next: () => number;
}

/** Each returns false when there is nothing that it could be about. */
export type Command = (actor: Actor) => Promise<boolean>;

export const addContainer: Command = async ({tnet, world, random, next}) => {
  const n = next();
  const [name, port] = [`c${n}`, 20_000 + n];
  const network = random() < 0.3 ? 'bridge' : pick(random, [...world.networks])!;
  const flags = ['-d', '--name', name, '--network', network, '-p', `${port}:80`, '-e', `NAME=${name}`];
  const {code} = await tnet.run(['run', ...flags, 'host', 'perl', '-e', server]);
  const made = {name, networks: new Set([network]), ports: new Set([port]), limits: new Set<string>()};
  if (code === 0) world.containers.set(name, made);
  else await forget(tnet, name); // the daemon died under it: whether it came to be is not promised
  return true;
};

export const removeContainer: Command = async ({tnet, world, random}) => {
  const name = pick(random, [...world.containers.keys()]);
  if (name === undefined) return false;
  await forget(tnet, name);
  return world.containers.delete(name);
};

export const createNetwork: Command = async ({tnet, world, random, next}) => {
  if (world.networks.size >= 6) return false;
  const name = `n${next()}`;
  const flags = random() < 0.4 ? ['--ipv6'] : [];
  await insist(tnet, ['network', 'create', ...flags, name], /already exists/);
  world.networks.add(name);
  return true;
};

export const removeNetwork: Command = async ({tnet, world, random}) => {
  const name = pick(
    random,
    [...world.networks].filter(each => isIdle(world, each)),
  );
  if (name === undefined) return false;
  await insist(tnet, ['network', 'rm', name], /not found/);
  return world.networks.delete(name);
};

export const connect: Command = async ({tnet, world, random}) => {
  const container = anyContainer(world, random);
  const network = pick(
    random,
    ['bridge', ...world.networks].filter(each => !container?.networks.has(each)),
  );
  if (container === undefined || network === undefined || container.networks.size >= 4) return false;
  await insist(tnet, ['network', 'connect', network, container.name], /already exists in network/);
  container.networks.add(network);
  return true;
};

/** The last one stays: its ports would be nobody's. */
export const disconnect: Command = async ({tnet, world, random}) => {
  const container = pick(
    random,
    [...world.containers.values()].filter(({networks}) => networks.size > 1),
  );
  if (container === undefined) return false;
  const network = pick(random, [...container.networks])!;
  await insist(tnet, ['network', 'disconnect', network, container.name], /is not connected/);
  container.limits.delete(network);
  return container.networks.delete(network);
};

export const addPort: Command = async ({tnet, world, random, next}) => {
  const container = anyContainer(world, random);
  if (container === undefined || container.ports.size >= 4) return false;
  const port = 20_000 + next();
  await insist(tnet, ['port', 'add', container.name, `${port}:80`], /already allocated/);
  container.ports.add(port);
  return true;
};

export const removePort: Command = async ({tnet, world, random}) => {
  const container = anyContainer(world, random);
  const port = pick(random, [...(container?.ports ?? [])]);
  if (container === undefined || port === undefined) return false;
  await insist(tnet, ['port', 'rm', container.name, `${port}:80`], /is not published/);
  return container.ports.delete(port);
};

export const limit: Command = async ({tnet, world, random}) => {
  const container = anyContainer(world, random);
  if (container === undefined) return false;
  const network = pick(random, [...container.networks])!;
  const rate = container.limits.has(network) ? 'none' : '50mbit';
  const flags = ['--egress-rate', rate, '--ingress-rate', rate];
  await insist(tnet, ['network', 'limit', network, container.name, ...flags], /^$/);
  if (rate === 'none') container.limits.delete(network);
  else container.limits.add(network);
  return true;
};

function anyContainer({containers}: World, random: () => number): Wanted | undefined {
  return pick(random, [...containers.values()]);
}

export function pick<T>(random: () => number, values: readonly T[]): T | undefined {
  return values[Math.floor(random() * values.length)];
}

/** Until it is done: a command that met the dying daemon is given again, as its user would. `done` is what it then may hear. */
async function insist(tnet: Tnet, args: readonly string[], done: RegExp): Promise<void> {
  const heard: string[] = [];
  for (let tries = 0; tries < 20; tries++) {
    const {code, stderr} = await tnet.run(args);
    if (code === 0 || (tries > 0 && stderr !== '' && done.test(stderr))) return;
    heard.push(stderr.trim());
  }
  assert.fail(`tnet ${args.join(' ')}: ${[...new Set(heard)].join('; ')}`);
}

export function forget(tnet: Tnet, name: string): Promise<void> {
  return insist(tnet, ['rm', '-f', name], /No such container/);
}
