import test from 'ava';
import {decodeRedirect, delRedirect, dumpFilters, newRedirect} from '../../../src/kernel/netlink/filter.ts';
import {newLink} from '../../../src/kernel/netlink/link.ts';
import type {NetlinkMessage} from '../../../src/kernel/netlink/message.ts';
import {netemFormat, replaceNetem} from '../../../src/kernel/netlink/netem.ts';
import {
  decodeQdisc,
  delIngress,
  delRootQdisc,
  dumpQdiscs,
  newIngress,
  replaceTbf,
  sameBurst,
} from '../../../src/kernel/netlink/qdisc.ts';
import {filterFormat, qdiscFormat, tbfFormat, u32Format} from '../../../src/kernel/netlink/traffic-control.ts';
import {answers, requests} from './captured-traffic-control.ts';
import {hexOf, messagesOf, reencode} from './hex.ts';

const [v0, ifb0] = [3, 4];
const slow = {index: v0, rateBitsPerS: 10e6, burstBytes: 32 * 1024, limitBytes: 100 * 1024};
const fast = {index: v0, rateBitsPerS: 40e9, burstBytes: 1024 ** 2, limitBytes: 2 * 1024 ** 2};

const same: readonly (readonly [string, NetlinkMessage, string])[] = [
  ['newIngress()', newIngress(v0), requests.addIngress],
  ['newRedirect()', newRedirect({index: v0, target: ifb0}), requests.addRedirect],
  ['delRootQdisc()', delRootQdisc(v0), requests.delRoot],
];
for (const [name, message, hex] of same) {
  test(`${name} makes the bytes of its command`, t => {
    const [sent] = messagesOf(hex);
    t.is(hexOf(message.payload), hexOf(sent!.payload));
    t.deepEqual([message.type, message.flags | 4], [sent!.type, sent!.flags]);
  });
}

test('delIngress() names the place; tc(8) also sends the kind', t => {
  const [sent] = messagesOf(requests.delIngress);
  const {attributes, ...header} = qdiscFormat.decode(sent!.payload);
  t.is(attributes.kind, 'ingress');
  t.deepEqual(qdiscFormat.decode(delIngress(v0).payload), {...header, attributes: {}});
});

test('delRedirect() names the filter; tc(8) leaves the protocol out', t => {
  const [sent] = messagesOf(requests.delRedirect);
  const {info, ...rest} = filterFormat.decode(sent!.payload);
  t.deepEqual(filterFormat.decode(delRedirect(v0).payload), {...rest, info: info | 0x0300});
});

test('newLink() makes the ifb of its command; ip(8) terminates the kind', t => {
  const [sent] = messagesOf(requests.addIfb);
  t.is(hexOf(newLink({name: 'ifb0', kind: 'ifb'}).payload), hexOf(sent!.payload));
});

for (const [spec, hex] of [
  [slow, requests.replaceTbf],
  [fast, requests.replaceFastTbf],
] as const) {
  test(`replaceTbf() asks for ${spec.rateBitsPerS / 1e6} mbit as tc(8) does, without what only old kernels read`, t => {
    const [sent] = messagesOf(hex);
    const [ours, theirs] = [replaceTbf(spec), sent!].map(({payload}) => qdiscFormat.decode(payload));
    const options = tbfFormat.decode(theirs!.attributes.options!).attributes;
    const {rateTable, parameters, ...rest} = options;
    t.is(rateTable?.length, 1024);
    t.deepEqual(tbfFormat.decode(ours!.attributes.options!).attributes, {
      ...rest,
      parameters: {...parameters!, buffer: 0, cellLog: 0, cellAlign: 0},
    });
    t.deepEqual({...ours, attributes: {}}, {...theirs, attributes: {}});
    t.deepEqual([replaceTbf(spec).type, replaceTbf(spec).flags | 4], [sent!.type, sent!.flags]);
  });
}

test('decodeQdisc() reads token buckets, ingress and their counters', t => {
  const qdiscs = messagesOf(answers.qdiscs)
    .map(decodeQdisc)
    .filter(({index}) => index === v0);
  t.deepEqual(
    qdiscs.map(({stats: _, ...rest}) => rest),
    [
      {index: v0, kind: 'tbf', at: 'root', tbf: {rateBitsPerS: 10e6, burstBytes: 32 * 1024, limitBytes: 100 * 1024}},
      {index: v0, kind: 'ingress', at: 'ingress', tbf: null},
    ],
  );
  t.true(qdiscs.every(({stats}) => stats.drops === 0 && stats.backlogBytes === 0));
});

test('decodeQdisc() reads rates over 34 gbit, and bursts to a tick of 64 ns', t => {
  const tbf = messagesOf(answers.fastQdisc)
    .map(decodeQdisc)
    .find(({kind}) => kind === 'tbf')?.tbf;
  t.is(tbf?.rateBitsPerS, 40e9);
  t.not(tbf?.burstBytes, fast.burstBytes);
  t.true(sameBurst(tbf!, fast));
  t.false(sameBurst(tbf!, {...fast, burstBytes: fast.burstBytes + 2000}));
  t.false(sameBurst(tbf!, {...fast, rateBitsPerS: 20e9, burstBytes: fast.burstBytes / 2}));
});

test('decodeRedirect() finds our filter among what u32 lists', t => {
  const found = messagesOf(answers.filters).map(decodeRedirect);
  t.deepEqual(found, [null, null, {index: v0, target: ifb0}]);
});

test('decodeRedirect() leaves a filter of another priority to its owner', t => {
  const {attributes, ...header} = filterFormat.decode(messagesOf(answers.filters)[2]!.payload);
  t.is(decodeRedirect({payload: filterFormat.encode({...header, info: 0x0001_0300, attributes})}), null);
});

test('dumpQdiscs() and dumpFilters() ask for dumps', t => {
  t.deepEqual([dumpQdiscs().type, dumpQdiscs().flags & 0x300], [38, 0x300]);
  t.deepEqual(filterFormat.decode(dumpFilters(v0).payload).index, v0);
});

for (const [name, hex] of Object.entries({...requests, ...answers})) {
  if (name === 'addIfb') continue;
  const format = /edirect|filters/.test(name) ? filterFormat : qdiscFormat;
  test(`${name}: encoding what was decoded gives the same bytes`, t => {
    t.is(
      reencode(hex, ({payload}) => format.encode(format.decode(payload))),
      hex,
    );
  });
}

for (const [what, hex, format] of [
  ['tbf', requests.replaceTbf, tbfFormat],
  ['fast tbf', requests.replaceFastTbf, tbfFormat],
  ['u32', requests.addRedirect, u32Format],
] as const) {
  test(`options of ${what}: encoding what was decoded gives the same bytes`, t => {
    const {options} = qdiscFormat.decode(messagesOf(hex)[0]!.payload).attributes;
    const decoded = format.decode(options!);
    t.is(hexOf(format.encode(decoded as never)), hexOf(options!));
  });
}

test('replaceNetem() says what tc(8) does, times in nanoseconds instead of ticks', t => {
  const shares = {loss: 0.05, duplicate: 0.01, corrupt: 0.02, reorder: 0.25};
  const ours = replaceNetem({index: v0, delayMs: 50, jitterMs: 10, ...shares, rateBitsPerS: 1e6, limit: 1000});
  const netem = ({payload}: {readonly payload: Uint8Array}) =>
    netemFormat.decode(qdiscFormat.decode(payload).attributes.options!);
  const [sent] = messagesOf(requests.replaceNetem);
  const {latency, jitter, ...theirs} = netem(sent!);
  const {latency64, jitter64, ...attributes} = netem(ours).attributes;
  t.deepEqual({...netem(ours), attributes}, {...theirs, latency: 0, jitter: 0});
  t.deepEqual([latency64, jitter64], [50_000_000n, 10_000_000n]);
  t.deepEqual(
    [latency, jitter].map(ticks => ticks * 64),
    [50_000_000, 10_000_000 - (10_000_000 % 64)],
  );
  t.is(ours.flags, 0x501);
});
