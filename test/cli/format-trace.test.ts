import {PassThrough} from 'node:stream';
import test from 'ava';
import type {Output} from '../../src/cli/context.ts';
import {formatTrace} from '../../src/cli/format-trace.ts';
import type {Ip} from '../../src/model/ip.ts';
import type {TraceHop, TraceReport} from '../../src/model/trace.ts';

const nft = (chain: string, text: string): TraceHop => ({
  where: 'host',
  atMs: null,
  what: 'nft',
  family: 'inet',
  table: 'tnet',
  chain,
  hook: null,
  verdict: 'accept',
  rules: [],
  text: `nft inet tnet ${chain}: ${text}`,
});
const report = (over: Partial<TraceReport>): TraceReport => ({
  outcome: 'dropped',
  summary: 'dropped on host',
  because: null,
  fix: null,
  packet: {proto: 'tcp', source: null, sourcePort: 1, destination: '10.0.0.1' as Ip, destinationPort: 80},
  hops: [],
  notes: [],
  ...over,
});
const plain = new PassThrough() as Output;
const lines = (over: Partial<TraceReport>): string[] => formatTrace(report(over), plain).split('\n');

test('formatTrace() joins chains that only let pass, and no others', t => {
  const hops = [
    nft('a', 'accept (policy)'),
    nft('b', 'accept (policy)'),
    nft('c', 'tcp dport 80 drop'),
    nft('d', 'accept (policy)'),
  ];
  t.deepEqual(lines({hops}).slice(2), [
    ' 1  host  nft inet tnet a, b: accept (policy)',
    ' 2  host  nft inet tnet c: tcp dport 80 drop',
    ' 3  host  nft inet tnet d: accept (policy)',
  ]);
});

test('formatTrace() breaks lines at 80 columns, and aligns what follows', t => {
  const long = 'word '.repeat(40).trim();
  const all = lines({because: long, fix: long, notes: [long], hops: [nft('a', long)]});
  t.true(all.every(line => line.length <= 80));
  t.true(all.filter(line => /^ {10}word/.test(line)).length >= 4);
});

test('formatTrace() lets no escape sequence of a container through', t => {
  const [first, , hop] = lines({
    summary: 'delivered to web (\u001b[2Jx, pid 1)',
    hops: [{...nft('a', 'x\u009b31m'), where: 'a\rb'}],
  });
  t.is(first, 'delivered to web (?[2Jx, pid 1)');
  t.is(hop, ' 1  a?b  nft inet tnet a: x?31m');
});
