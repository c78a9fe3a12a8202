import test from 'ava';
import fc from 'fast-check';
import {createDetachFilter, parseDetachKeys} from '../../src/api/detach-keys.ts';

test('parseDetachKeys() reads keys as Docker writes them', t => {
  const rows: readonly (readonly [string, readonly number[]])[] = [
    ['', [16, 17]],
    ['ctrl-p,ctrl-q', [16, 17]],
    ['a', [97]],
    ['ctrl-a,x', [1, 120]],
    ['ctrl-z', [26]],
    ['ctrl-@', [0]],
    ['ctrl-[', [27]],
    ['ctrl-\\', [28]],
    ['ctrl-]', [29]],
    ['ctrl-^', [30]],
    ['ctrl-_', [31]],
    ['DEL', [127]],
    ['1,2,3', [49, 50, 51]],
  ];
  for (const [text, keys] of rows) t.deepEqual(parseDetachKeys(text), keys, text);
});

test('parseDetachKeys() refuses what is no key, with the whole text', t => {
  for (const bad of ['ctrl-', 'ctrl-A', 'ctrl-1', 'ctrl-pq', 'ab', ',', 'a,', 'é', 'ctrl-DEL', 'del'])
    t.throws(() => parseDetachKeys(bad), {instanceOf: SyntaxError, message: `Invalid detach keys (${bad}) provided`});
});

const feed = (keys: readonly number[], pieces: readonly string[]): {text: string; detached: boolean} => {
  const filter = createDetachFilter(keys);
  let text = '';
  for (const piece of pieces) {
    const {data, detached} = filter(Buffer.from(piece, 'latin1'));
    text += data.toString('latin1');
    if (detached) return {text, detached};
  }
  return {text, detached: false};
};

test('createDetachFilter() takes the sequence out in any pieces, and what follows it', t => {
  const keys = parseDetachKeys('');
  t.deepEqual(feed(keys, ['ab\x10\x11rest']), {text: 'ab', detached: true});
  t.deepEqual(feed(keys, ['ab\x10', '\x11rest']), {text: 'ab', detached: true});
  t.deepEqual(feed(keys, ['\x10x\x11']), {text: '\x10x\x11', detached: false});
  t.deepEqual(feed(keys, ['\x10\x10\x11']), {text: '\x10', detached: true});
  t.deepEqual(feed(keys, ['\x10']), {text: '', detached: false}, 'held back: it may be the beginning');
});

test('createDetachFilter() lets everything else through unchanged', t => {
  const byte = fc.integer({min: 0, max: 255}).filter(each => each !== 17);
  fc.assert(
    fc.property(fc.array(fc.array(byte)), pieces => {
      const sent = pieces.map(piece => String.fromCharCode(...piece));
      const all = sent.join('');
      const whole = all.endsWith('\x10') ? all.slice(0, -1) : all;
      const got = feed([16, 17], sent);
      return !got.detached && got.text === whole;
    }),
  );
  t.pass();
});
