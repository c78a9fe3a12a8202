import test from 'ava';
import {tnetTable} from '../../../src/network/firewall/nft.ts';
import {type DropScene, explainDrop} from '../../../src/network/trace/drop-reasons.ts';
import {explainRule} from '../../../src/network/trace/rule-reasons.ts';

const drops = tnetTable.chains.flatMap(({rules}) =>
  rules.filter(({exprs}) => exprs.some(expr => expr.expr === 'verdict' && expr.verdict === 'drop')),
);

test('every rule of ours that drops has a name, and that name an explanation and a way out', t => {
  t.true(drops.length >= 5);
  for (const {comment} of drops) {
    const reason = explainRule(comment ?? '', {from: 'a', to: 'web', port: 80, proto: 'tcp'});
    t.truthy(reason?.because, `${comment}`);
    t.truthy(reason?.fix, `${comment}`);
  }
  t.is(explainRule('toString', {from: 'a', to: null, port: null, proto: 'tcp'}), null);
});

for (const [port, proto, command] of [
  [80, 'tcp', 'tnet port add web 8080:80'],
  [5432, 'tcp', 'tnet port add web 5432:5432'],
  [53, 'udp', 'tnet port add web 8053:53/udp'],
] as const) {
  test(`explainRule() says ${command}`, t => {
    t.is(explainRule('unpublished port', {from: 'a', to: 'web', port, proto})?.fix, `publish it: ${command}`);
  });
}

const scene: DropScene = {
  where: 'host',
  link: 'br0',
  source: '10.0.0.9',
  destination: '10.0.0.1',
  port: 'tcp port 80',
  location: '',
};

for (const [reason, location, because] of [
  ['IP_RPFILTER', '', /host does not reach 10\.0\.0\.9 by br0/],
  ['NO_SOCKET', '', /^nothing listens on tcp port 80 in host$/],
  ['IP_INNOROUTES', '', /^host has no route to 10\.0\.0\.1$/],
  ['NOT_SPECIFIED', 'br_flood+0x1/0x2', /both are isolated$/],
  ['NOT_SPECIFIED', 'ip_rcv_core.isra.0+0x1/0x2', /^the kernel dropped it in ip_rcv_core \(NOT_SPECIFIED\)$/],
  ['NEW_REASON', 'ffffffff81a2b3c4', /^the kernel dropped it in an unknown function \(NEW_REASON\)$/],
  ['constructor', 'f+0x1/0x2', /^the kernel dropped it in f \(constructor\)$/],
] as const) {
  test(`explainDrop() explains ${reason} ${location}`, t => {
    t.regex(explainDrop(reason, {...scene, location}).because, because);
  });
}
