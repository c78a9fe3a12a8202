import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {openStore} from '../../src/store/store.ts';
import {flowPort, startFlow} from '../fixture/flow.ts';
import {belongings, makeHost, makeNeighbour} from '../fixture/host.ts';
import {makeNetwork} from '../fixture/network.ts';

test('a daemon that dies and comes back loses no packet of a running flow, in either renderer', async t => {
  makeHost();
  const neighbour = makeNeighbour();
  const before = belongings();
  for (const firewall of ['nftables', 'iptables'] as const) {
    const dir = mkdtempSync(join(tmpdir(), 'tnet-restart-'));
    let store = openStore(join(dir, 'tnet.db'));
    let net = await makeNetwork({store, firewall});
    const [web, peer] = [await net.attach('web', {ports: [`8080:${flowPort}/udp`]}), await net.attach('peer')];
    const near = await startFlow({server: web.sandbox, client: neighbour.netns, to: '192.0.2.1', port: 8080});
    const inside = await startFlow({server: peer.sandbox, client: web.sandbox, to: peer.leases[0]!.address});
    for (let i = 0; i < 5; i++) {
      net.abandon();
      store.close();
      await new Promise(resolve => setTimeout(resolve, 50));
      store = openStore(join(dir, 'tnet.db'));
      net = await makeNetwork({store, firewall});
    }
    for (const flow of [near, inside]) {
      const {sent, lost} = await flow.stop();
      t.true(sent > 100, `${sent}`);
      t.is(lost, 0, `${firewall}: of ${sent}`);
    }
    for (const attachment of [web, peer]) await net.detach(attachment);
    await net.controller.close();
    rmSync(dir, {recursive: true});
  }
  const ours = (tables: readonly string[] = []) => tables.filter(table => /tnet/.test(table));
  t.deepEqual({...belongings(), tables: ours(belongings().tables)}, {...before, tables: []});
});
