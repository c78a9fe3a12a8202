import test from 'ava';
import {formatOp} from '../../src/kernel/diff.ts';
import type {Op} from '../../src/kernel/item.ts';
import type {Kernel} from '../../src/kernel/kernel.ts';
import {loadNative} from '../../src/kernel/native.ts';
import type {Ip} from '../../src/model/ip.ts';
import {parsePortMapping} from '../../src/model/port-mapping.ts';
import type {Controller} from '../../src/network/controller.ts';
import {createPreview} from '../../src/network/preview.ts';
import {createReservations} from '../../src/network/reservation.ts';
import {belongings, makeHost, makeNeighbour, run} from '../fixture/host.ts';
import {makeNetwork, networkSpec} from '../fixture/network.ts';

makeHost();
makeNeighbour();
const idle = belongings();
test.afterEach.always(t => t.deepEqual(belongings(), idle));

const look = (): string =>
  run(
    'ip -o link | cut -d: -f2; ip -o addr | grep -v fe80 | sed "s/ tentative//; s/valid_lft.*//"; ip route | sed "s/ linkdown//"; nft -s list ruleset; sysctl -a 2>/dev/null | grep forwarding',
  );

/** The same ids in both, so that devices are called the same. */
async function makePair() {
  let next = 0;
  const newId = (): string => (++next).toString(16).padStart(4, '0').repeat(16);
  const done: Op[] = [];
  const wrap = (kernel: Kernel): Kernel => ({
    ...kernel,
    watch: () => () => {},
    execute: (ops, onError) => {
      done.push(...ops);
      return kernel.execute(ops, onError);
    },
  });
  const net = await makeNetwork({newId, wrap});
  const preview = createPreview(
    {
      store: net.store,
      kernel: net.kernelBelow,
      reservations: createReservations(loadNative()),
      newId,
      now: () => new Date(),
      bridge: 'docker0',
      avoided: () => [],
    },
    net.controller,
  );
  /** What is foretold is what happens, and foretelling changes nothing. */
  const foretell = async (job: (controller: Controller) => Promise<unknown>): Promise<[string[], string[]]> => {
    const [seed, before, stored] = [
      next,
      look(),
      JSON.stringify([...net.store.state.networks, ...net.store.state.attachments]),
    ];
    const told = (await preview(({controller}) => job(controller))).map(formatOp);
    if (look() !== before) throw new Error('the preview changed the host');
    if (JSON.stringify([...net.store.state.networks, ...net.store.state.attachments]) !== stored)
      throw new Error('the preview changed the store');
    next = seed;
    done.length = 0;
    await job(net.controller);
    return [told, done.map(formatOp)];
  };
  return {net, preview, foretell};
}

test.serial(
  'a preview foretells create, attach, publish, unpublish, detach and remove, and changes nothing',
  async t => {
    const {net, foretell} = await makePair();
    const sandbox = '/run/tnet-test/netns/foretold';
    const spec = {
      ...networkSpec('lan'),
      network: 'lan',
      sandbox,
      owner: 'foretold',
      ifname: null,
      addresses: [] as readonly Ip[],
      mac: null,
      ports: [parsePortMapping('8080:80')],
      names: [],
      gatewayPriority: 0,
      options: {},
    };
    const jobs: readonly (readonly [string, (controller: Controller) => Promise<unknown>])[] = [
      ['create', c => c.create(networkSpec('lan', {ipv6: true}))],
      ['sandbox', c => c.createSandbox(sandbox)],
      ['attach', c => c.attach(spec)],
      ['publish', c => c.publish(c.attachmentsOf({})[0]!.id, parsePortMapping('9090:90/udp'))],
      ['unpublish', c => c.unpublish(c.attachmentsOf({})[0]!.id, parsePortMapping('9090:90/udp'))],
      ['detach', c => c.detach(c.attachmentsOf({})[0]!.id)],
      ['removeSandbox', c => c.removeSandbox(sandbox)],
      ['remove', c => c.remove('lan')],
    ];
    for (const [name, job] of jobs) {
      const [told, done] = await foretell(job);
      t.deepEqual(told, done, name);
      t.true(told.length > 0, name);
    }
    await net.controller.close();
  },
);

test.serial('a preview fails as the real thing, and holds no port', async t => {
  const {net, preview} = await makePair();
  await net.controller.create(networkSpec('lan'));
  const a = await net.attach('a', {network: 'lan', ports: ['8080:80']});
  await t.throwsAsync(
    preview(({controller: c}) => c.create(networkSpec('lan'))),
    {code: 'ERR_NAME_IN_USE'},
  );
  await t.throwsAsync(
    preview(({controller: c}) => c.remove('lan')),
    {code: 'ERR_NETWORK_IN_USE'},
  );
  await t.throwsAsync(
    preview(({controller: c}) => c.remove('nosuch')),
    {code: 'ERR_NETWORK_NOT_FOUND'},
  );
  await t.throwsAsync(
    preview(({controller: c}) => c.publish(a.id, parsePortMapping('8080:81'))),
    {code: 'ERR_PORT_IN_USE'},
  );
  await preview(({controller: c}) => c.publish(a.id, parsePortMapping('8081:81')));
  t.is(run('ss -Hltn sport = :8081'), '');
  await net.detach(a);
  await net.controller.remove('lan');
  await net.controller.close();
});
