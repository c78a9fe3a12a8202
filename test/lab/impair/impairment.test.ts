import test from 'ava';
import {describeRule} from '../../../src/kernel/netlink/nftables/describe-rule.ts';
import {NFT_MSG_NEWRULE, ruleFormat} from '../../../src/kernel/netlink/nftables/message.ts';
import {createTable} from '../../../src/kernel/netlink/nftables/objects.ts';
import {impairedEnds, otherEnd, parseEnd} from '../../../src/lab/impair/ends.ts';
import {effects, formatImpairment, merge, problemOf} from '../../../src/lab/impair/impairment.ts';
import {backendOf, formatRelay, impairTable, planImpair} from '../../../src/lab/impair/plan-impair.ts';
import {planImpairChanges} from '../../../src/lab/impair/plan-impair-changes.ts';
import {parseTopology} from '../../../src/lab/topology/parse-topology.ts';
import {batches} from '../../kernel/netlink/captured-nftables.ts';
import {messagesOf} from '../../kernel/netlink/hex.ts';

const everything = {
  delayMs: 50,
  jitterMs: 10,
  loss: 0.05,
  duplicate: 0.2,
  corrupt: 0.02,
  reorder: 0.25,
  rateBitsPerS: 1e6,
  every: 3,
};

test('merge() keeps what is not said, and takes away what is 0', t => {
  t.deepEqual(merge({delayMs: 50, loss: 0.05}, {jitterMs: 5}), {delayMs: 50, loss: 0.05, jitterMs: 5});
  t.deepEqual(merge({delayMs: 50, loss: 0.05}, {loss: 0}), {delayMs: 50});
});

test('problemOf() refuses what has no meaning', t => {
  t.regex(problemOf({jitterMs: 5}) ?? '', /wants a delay/);
  t.regex(problemOf({reorder: 0.1}) ?? '', /wants a delay/);
  t.is(problemOf(everything), null);
});

test('formatImpairment() says it in the words of the command line', t => {
  t.is(
    formatImpairment(everything),
    'delay 50ms jitter 10ms loss 5% duplicate 20% corrupt 2% reorder 25% rate 1mbit every 3',
  );
  t.is(formatImpairment({loss: 0.07, delayMs: 0.3}), 'delay 0.3ms loss 7%');
});

test('effects read what they format', t => {
  for (const {key, parse, format} of effects) t.is(parse(format(everything[key])), everything[key], key);
});

test('planImpair() leaves all but every Nth to netem, where there is one', t => {
  const {root, relay, rules} = planImpair(everything, {netem: true});
  t.like(root, {kind: 'netem', delayMs: 50, jitterMs: 10, loss: 0.05, rateBitsPerS: 1e6});
  t.is(relay, null);
  t.deepEqual(rules, [{every: 3}]);
  t.deepEqual(planImpair({every: 3}, {netem: true}).root, null);
});

test('planImpair() loses before it delays, and limits last, without netem', t => {
  const {root, relay, rules} = planImpair(everything, {netem: false});
  t.like(root, {kind: 'tbf', rateBitsPerS: 1e6});
  t.is(formatRelay(relay!), '50000 10000 20000 250000\n');
  t.deepEqual(rules, ['pass relayed', {every: 3}, {loss: 0.05}, {duplicate: 0.2}, 'relay']);
  t.deepEqual(planImpair({loss: 0.05}, {netem: false}), {root: null, relay: null, rules: [{loss: 0.05}]});
});

test('backendOf() names who has the effect', t => {
  const names = (netem: boolean) => effects.map(({name}) => `${name} ${backendOf(name, {netem})}`);
  t.deepEqual(names(true).slice(-2), ['rate netem', 'every nft']);
  t.deepEqual(names(false).slice(-2), ['rate tbf', 'every nft']);
});

test('impairTable() makes the rules that nft(8) makes of the same words', t => {
  const {rules} = planImpair({...everything, corrupt: 0.02}, {netem: false});
  const made = createTable(impairTable(rules, {name: 'v0', index: 3, tapIndex: 2})!);
  const read = (messages: readonly {readonly type: number; readonly payload: Uint8Array}[]) =>
    messages
      .filter(({type}) => type === NFT_MSG_NEWRULE)
      .map(({payload}) => ruleFormat.decode(payload).attributes.expressions ?? []);
  const [ours, theirs] = [read(made), read(messagesOf(batches.egress))];
  t.deepEqual(ours, theirs);
  t.deepEqual(ours.map(describeRule).slice(0, 3), [
    'meta mark 2003399269 accept',
    'numgen inc mod 3 2 drop',
    'numgen random mod 1000000 < 50000 drop',
  ]);
});

test('a copy of what is not relayed is marked, and leaves by the same link', t => {
  const {rules} = planImpair({duplicate: 0.2}, {netem: false});
  const [chain] = impairTable(rules, {name: 'v0', index: 3, tapIndex: null})!.chains;
  t.deepEqual(
    chain?.rules
      .at(-1)
      ?.exprs.map(({expr}) => expr)
      .slice(-4),
    ['immediate', 'meta-set', 'immediate', 'dup'],
  );
});

const topology = (impair: string, node = '{}') =>
  parseTopology(
    `name: w\nnetworks: {lan: {}}\nnodes: {a: {}, b: {}, c1: ${node}}\nlinks: [{ends: [a:eth0, b:eth1], impair: ${impair}}]\n`,
    't.yaml',
  );

test('a file gives each end what leaves by it', t => {
  t.deepEqual(impairedEnds(topology('{delay: 5ms, direction: ab}')), [
    {node: 'a', link: 'eth0', impairment: {delayMs: 5}},
  ]);
  t.deepEqual(impairedEnds(topology('[{delay: 5ms}, {loss: 1%, direction: ba}]')), [
    {node: 'a', link: 'eth0', impairment: {delayMs: 5}},
    {node: 'b', link: 'eth1', impairment: {delayMs: 5, loss: 0.01}},
  ]);
  t.deepEqual(impairedEnds(topology('{}', '{net: lan, impair: {rate: 1mbit, direction: in}}')), [
    {node: 'host', link: 'c1', impairment: {rateBitsPerS: 1e6}},
  ]);
});

test('parseTopology() says where an impairment is wrong', t => {
  t.throws(() => topology('{jitter: 5ms}'), {message: 't.yaml:4:34: jitter wants a delay around which it varies'});
  t.throws(() => topology('{loss: 5}'), {message: 't.yaml:4:43: "loss" is 5: want string'});
  t.throws(() => topology('{delai: 5ms}'), {message: /did you mean "delay"\?/});
});

test('otherEnd() finds the end that a link leads to', t => {
  const {...lab} = topology('{}', '{net: lan}');
  t.deepEqual(otherEnd(lab, parseEnd('b:eth1')), {node: 'a', link: 'eth0'});
  t.deepEqual(otherEnd(lab, parseEnd('host:c1')), {node: 'c1', link: 'eth0'});
  t.is(otherEnd(lab, parseEnd('c1:eth7')), null);
  t.throws(() => parseEnd('c1'), {message: /want NODE:INTERFACE/});
});

test('planImpairChanges() follows the file, and leaves alone what was set by hand', t => {
  const [slow, plain, slower] = ['{delay: 5ms, direction: ab}', '{}', '{delay: 9ms, direction: ab}'].map(text =>
    topology(text),
  );
  const a = {node: 'a', link: 'eth0'};
  const set = (impairment: object) => [{...a, impairment}];
  const plan = (before: typeof slow, want: typeof slow, actual: object, isNew = false) =>
    planImpairChanges({before: [before!], want: want!, actual: set(actual), isNew: () => isNew});
  t.deepEqual(plan(slow, slow, {delayMs: 5}), []);
  t.deepEqual(plan(slow, slower, {delayMs: 5}), set({delayMs: 9}));
  t.deepEqual(plan(slow, plain, {delayMs: 5}), set({}));
  t.deepEqual(plan(slow, slow, {delayMs: 5, loss: 0.1}), [], 'by hand');
  t.deepEqual(
    plan(slow, slower, {delayMs: 5, loss: 0.1}),
    set({delayMs: 9}),
    'the file has the last word where it changes',
  );
  t.deepEqual(plan(slow, slow, {delayMs: 5}, true), set({delayMs: 5}), 'the link is made anew');
});
