import test from 'ava';
import {run} from '../fixture/host.ts';
import {makeNetwork} from '../fixture/network.ts';

test('detach() of a whole network at once leaves its bridge, its other ports and no link of those that left', async t => {
  const {controller, attach, detach} = await makeNetwork();
  const stays = await attach('stays', {ports: ['9000:80']});
  const leaving = [];
  for (let i = 0; i < 20; i++) leaving.push(await attach(`leaves${i}`, {ports: [`${9100 + i}:80`]}));
  const links = (): readonly string[] => run('ip -o link show master docker0').match(/veth[0-9a-f]+/g) ?? [];
  t.is(links().length, 21);
  await controller.detach(...leaving.map(({id}) => id));
  t.deepEqual(links(), [stays.hostIfname]);
  t.regex(run('ip -o link show docker0'), /docker0/);
  t.false(run('nft list table inet tnet').includes('910'));
  t.deepEqual(await controller.repair({dryRun: true}), []);
  for (const {sandbox} of leaving) await controller.removeSandbox(sandbox);
  await detach(stays);
  await controller.close();
});
