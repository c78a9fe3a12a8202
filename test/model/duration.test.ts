import test from 'ava';
import {parseDuration} from '../../src/model/duration.ts';

for (const [text, ns] of [
  ['0', 0],
  ['30s', 30e9],
  ['1m30s', 90e9],
  ['1.5h', 5400e9],
  ['2d', 172_800e9],
  ['500ms', 500e6],
  ['3us', 3000],
  ['3µs', 3000],
  ['-10m', -600e9],
] as const)
  test(`parseDuration() of ${text} is ${ns} ns`, t => {
    t.is(parseDuration(text), ns);
  });

test('parseDuration() knows no number without a unit, no unit without a number, no other units, no spaces', t => {
  for (const text of ['', '-', '10', 's', '1y', '1 h', '1h ', '1h30', '--1s', '1.s', `${'9'.repeat(10)}s`])
    t.is(parseDuration(text), null, text);
});
