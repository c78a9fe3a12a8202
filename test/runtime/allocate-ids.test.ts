import test from 'ava';
import {allocateIds, type IdSpan} from '../../src/runtime/allocate-ids.ts';

const span = (outside: number, count: number): IdSpan => ({outside, count});
const [low, high] = [span(1000, 300), span(5000, 1000)];

for (const [what, available, taken, count, want] of [
  ['the first of a free range', [low], [], 100, 1000],
  ['behind what is taken', [low], [span(1000, 100)], 100, 1100],
  ['a gap that is large enough', [low], [span(1000, 100), span(1200, 100)], 100, 1100],
  ['no gap that is too small', [low, high], [span(1050, 1), span(1150, 1), span(1250, 1)], 100, 5000],
  ['the rest to the last id', [low], [span(1000, 200)], 100, 1200],
  ['nothing when one is missing', [low], [span(1000, 201)], 100, null],
  ['nothing across two ranges', [span(1000, 50), span(1050, 50)], [], 100, null],
  ['what somebody has freed', [low], [span(1100, 200)], 100, 1000],
  ['behind one within another', [low], [span(1000, 150), span(1010, 10)], 100, 1150],
  ['behind one that begins before it', [low], [span(900, 150)], 100, 1050],
  ['whatever the order', [high, low], [span(1200, 100), span(1000, 150)], 50, 1150],
  ['nothing of nothing', [], [], 1, null],
] as const)
  test(`allocateIds() gives ${what}`, t => t.is(allocateIds(available, taken, count)?.outside ?? null, want));

test('allocateIds() never gives the same twice, until there are none', t => {
  const taken: IdSpan[] = [];
  for (let next = allocateIds([low, high], taken, 77); next !== null; next = allocateIds([low, high], taken, 77))
    taken.push(next);
  t.is(taken.length, Math.floor(300 / 77) + Math.floor(1000 / 77));
  const ids = taken.flatMap(({outside, count}) => Array.from({length: count}, (_, i) => outside + i));
  t.is(new Set(ids).size, ids.length);
});
