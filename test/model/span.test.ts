import test from 'ava';
import {formatSpan, joinSpans} from '../../src/model/span.ts';

const join = (...pairs: readonly (readonly [number, number])[]): string =>
  joinSpans(pairs.map(([first, last]) => ({first, last})))
    .map(formatSpan)
    .join(' ');

test('joinSpans() joins what overlaps or touches, in any order', t => {
  t.is(join([90, 91], [90, 90]), '90-91');
  t.is(join([5, 9], [1, 4]), '1-9');
  t.is(join([1, 9], [2, 3], [11, 11]), '1-9 11');
  t.is(join(), '');
});
