import test from 'ava';
import {itemKey} from '../../../src/kernel/diff.ts';
import {decodeSaved, parseSaved, restoreText} from '../../../src/kernel/iptables-text.ts';
import type {IptablesChainsItem, Item} from '../../../src/kernel/item.ts';
import type {Ip, Prefix} from '../../../src/model/ip.ts';
import {iptablesChanges, iptablesFrame} from '../../../src/network/firewall/iptables.ts';
import {emptyRuleset, type GuardedNetwork, type PublishedPort} from '../../../src/network/firewall/ruleset.ts';

const lan: GuardedNetwork = {
  device: 'br0',
  prefix: '10.0.0.0/24' as Prefix,
  only: null,
  internal: false,
  icc: true,
  mode: 'nat',
  source: 'link',
};
const port: PublishedPort = {
  mapping: {proto: 'tcp', hostIp: null, hostPort: 8000, containerPort: 80, count: 1},
  proto: 'tcp',
  hostIp: null,
  hostPort: 8000,
  address: '10.0.0.2' as Ip,
  containerPort: 80,
  count: 1,
  mode: 'nat',
  masquerade: 'needed',
};
const frame = iptablesFrame({...emptyRuleset, families: [4], networks: [lan]});
const nat = frame.find(item => item.kind === 'iptables-chains' && item.table === 'nat') as Item & IptablesChainsItem;
const saved = (rules: readonly string[]): string =>
  `*nat\n:PREROUTING ACCEPT [0:0]\n:DOCKER - [0:0]\n:TNET-POSTROUTING - [0:0]\n${rules.join('\n')}\nCOMMIT\n`;
const lines = nat.rules.map(({chain, spec}) => `-A ${chain} ${spec}`);
const fingerprintOf = (rules: readonly string[]): string | undefined =>
  decodeSaved(parseSaved(saved(rules)), 4).flatMap(item =>
    item.kind === 'iptables-chains' ? item.fingerprint : [],
  )[0];

test('decodeSaved() knows a whole frame, and what damages it', t => {
  t.is(fingerprintOf(lines), nat.fingerprint);
  t.is(fingerprintOf([...lines, '-A PREROUTING -j ACCEPT']), nat.fingerprint, 'others may come after');
  t.is(fingerprintOf(['-A PREROUTING -j ACCEPT', ...lines]), 'damaged', 'but not before');
  t.is(fingerprintOf(lines.slice(1)), 'damaged');
  t.is(fingerprintOf([...lines, lines[0]!]), 'damaged', 'twice');
  t.is(fingerprintOf([...lines.slice(1), lines[0]!.replace(nat.fingerprint, 'ffffffffffff')]), 'damaged');
  t.is(fingerprintOf([]), undefined);
});

test('decodeSaved() finds a rule by its key, and nobody else’s', t => {
  const [rule] = iptablesChanges({...emptyRuleset, ports: [port]});
  const text = saved([
    `-A DOCKER ${(rule as {spec: string}).spec}`,
    '-A DOCKER -m comment --comment "tnetwork" -j DROP',
  ]);
  t.deepEqual(decodeSaved(parseSaved(text), 4).map(itemKey), [itemKey(rule!)]);
});

test('iptablesChanges() publishes on another program’s bridge, and neither opens nor closes it', t => {
  const foreign: GuardedNetwork = {...lan, icc: false, mode: 'foreign', source: null};
  const specs = iptablesChanges({...emptyRuleset, networks: [foreign], ports: [{...port, masquerade: 'all'}]}).map(
    item =>
      item.kind === 'iptables-rule' ? `${item.chain} ${item.spec.replace(/ -m comment --comment "[^"]*"/, '')}` : '',
  );
  t.deepEqual(specs, [
    'DOCKER -o br0 -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT',
    'TNET-POSTROUTING -s 10.0.0.0/24 -o br0 -m conntrack --ctstate DNAT -j MASQUERADE',
    'TNET-POSTROUTING -s 127.0.0.0/8 -o br0 -j MASQUERADE',
    'DOCKER -p tcp -m tcp --dport 8000 -j DNAT --to-destination 10.0.0.2:80',
    'TNET-POSTROUTING -d 10.0.0.2/32 -p tcp -m tcp --dport 80 -m conntrack --ctstate DNAT -j MASQUERADE',
  ]);
});

test('restoreText() makes only chains that lack, and replaces the frame without a flush', t => {
  const table = parseSaved(saved([lines[0]!])).get('nat');
  const text = restoreText([{do: 'add', item: nat}], table);
  t.is(text.split('\n').filter(line => line.startsWith(':')).length, 0);
  t.regex(text, /^\*nat\n-D PREROUTING .*\n-I PREROUTING 1 .*\n-I OUTPUT 1 .*\n-I POSTROUTING 1 .*\nCOMMIT\n$/);
  t.regex(restoreText([{do: 'add', item: nat}], undefined), /^\*nat\n:DOCKER - \[0:0\]\n:TNET-POSTROUTING - /);
});

test('restoreText() leaves chains that others use', t => {
  const removal = (foreign: string): string =>
    restoreText([{do: 'del', item: nat}], parseSaved(saved([...lines, foreign])).get('nat'));
  t.regex(removal('-A PREROUTING -j ACCEPT'), /-X DOCKER\n/);
  t.notRegex(removal('-A DOCKER -j RETURN'), /-X DOCKER\n/);
  t.notRegex(removal('-A OUTPUT -p tcp -j DOCKER'), /-X DOCKER\n/);
});

for (const [what, change, expected] of [
  ['a port', {}, /--dport 8000 .* --to-destination 10\.0\.0\.2:80$/],
  ['an address', {hostIp: '127.0.0.1' as Ip}, /^-d 127\.0\.0\.1\/32 -p tcp/],
  ['a range that keeps its numbers', {containerPort: 8000, count: 10}, /--dport 8000:8009 .* 10\.0\.0\.2$/],
  ['a range that shifts', {count: 10}, /--dport 8000:8009 .* 10\.0\.0\.2:80-89\/8000$/],
  ['a range in IPv6', {address: 'fd00::2' as Ip, count: 2}, /\[fd00::2\]:80-81\/8000$/],
  ['a routed port', {mode: 'routed', count: 2}, /^-d 10\.0\.0\.2\/32 -p tcp -m tcp --dport 80:81 .* -j ACCEPT$/],
] as const) {
  test(`iptablesChanges() makes one rule of ${what}`, t => {
    const rules = iptablesChanges({...emptyRuleset, ports: [{...port, ...change}]});
    t.is(rules.length, 1);
    t.regex((rules[0] as {spec: string}).spec, expected);
  });
}
