import test from 'ava';
import {parseTraceTarget, type TraceTarget} from '../../src/model/trace.ts';

const good: readonly (readonly [string, TraceTarget])[] = [
  ['web', {host: 'web', port: null, proto: 'icmp'}],
  ['web/icmp', {host: 'web', port: null, proto: 'icmp'}],
  ['web:80', {host: 'web', port: 80, proto: 'tcp'}],
  ['web:80/tcp', {host: 'web', port: 80, proto: 'tcp'}],
  ['10.0.0.2:53/udp', {host: '10.0.0.2', port: 53, proto: 'udp'}],
  ['fd00::2', {host: 'fd00::2', port: null, proto: 'icmp'}],
  ['[fd00::2]', {host: 'fd00::2', port: null, proto: 'icmp'}],
  ['[fd00::2]:53/udp', {host: 'fd00::2', port: 53, proto: 'udp'}],
];
for (const [text, target] of good)
  test(`parseTraceTarget() reads ${text}`, t => t.deepEqual(parseTraceTarget(text), target));

for (const text of [
  '',
  ':80',
  'web:',
  'web:0',
  'web:65536',
  'web:80/icmp',
  'web/udp',
  'web:80/sctp',
  'web:8x',
  '[fd00::2',
]) {
  test(`parseTraceTarget() refuses "${text}" by name`, t => {
    t.throws(() => parseTraceTarget(text), {instanceOf: SyntaxError, message: /^invalid target ".*": /});
  });
}
