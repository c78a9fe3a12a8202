import {readFileSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import test from 'ava';
import {parsePrefix} from '../../../src/model/ip.ts';
import {belongings, makeHost, makeNeighbour, run} from '../../fixture/host.ts';
import {makeNetwork, networkSpec} from '../../fixture/network.ts';

const page = join(dirname(fileURLToPath(import.meta.url)), '../../../../docs/firewall.md');

/** `UPDATE_DOCS=1 npm test -- …` writes the page anew. */
test('docs/firewall.md shows the ruleset as the kernel has it', async t => {
  makeHost();
  makeNeighbour();
  const before = belongings();
  let id = 0;
  const net = await makeNetwork({newId: () => (++id).toString(16).padStart(2, '0').padEnd(64, '0')});
  const subnet6 = {prefix: parsePrefix('fd00:7e::/64'), gateway: null, range: null, reserved: {}};
  await net.controller.create(networkSpec('lan', {ipv6: true, subnets: [subnet6]}));
  await net.controller.create(networkSpec('sealed', {internal: true}));
  const attachments = [
    await net.attach('web', {ports: ['8080:80', '127.0.0.1:5432:5432']}),
    await net.attach('dns', {network: 'lan', ports: ['53:53/udp', '8100-8199:8100-8199']}),
    await net.attach('vault', {network: 'sealed'}),
  ];
  const ruleset = sorted(run('nft -s list table inet tnet')).replaceAll('\t', '    ');
  for (const attachment of attachments) await net.detach(attachment);
  await net.controller.remove('lan');
  await net.controller.remove('sealed');
  await net.controller.close();
  t.deepEqual(belongings(), before);

  const text = readFileSync(page, 'utf8');
  const shown = text.replace(/```nft\n[\s\S]*?```/, () => `\`\`\`nft\n${ruleset}\`\`\``);
  if (process.env.UPDATE_DOCS) writeFileSync(page, shown);
  else t.is(text, shown);
});

/** The kernel lists the elements of a hash in no order of its own. */
function sorted(ruleset: string): string {
  return ruleset.replace(/elements = \{([^}]*)\}/g, (_, list: string) => {
    const elements = list.split(',').map(element => element.trim());
    return `elements = {\n${elements
      .sort()
      .map(element => `\t\t\t${element},\n`)
      .join('')}\t\t}`;
  });
}
