import test from 'ava';
import {createGathering} from '../../src/network/gather.ts';
import {createLock} from '../../src/network/lock.ts';

function setUp(refused: (items: readonly string[]) => boolean = () => false) {
  const lock = createLock();
  const runs: (readonly string[])[] = [];
  const gather = createGathering<string>(lock, async items => {
    runs.push([...items]);
    await Promise.resolve();
    if (refused(items)) throw new Error(`no ${items.join()}`);
  });
  return {lock, runs, gather};
}

test('createGathering() does together what waits together', async t => {
  const {lock, runs, gather} = setUp();
  const busy = lock(async () => {});
  await Promise.all([busy, gather(['a']), gather(['b', 'c'])]);
  t.deepEqual(runs, [['a', 'b', 'c']]);
});

test('createGathering() begins anew once the first have their turn', async t => {
  const {runs, gather} = setUp();
  const first = gather(['a']);
  await Promise.resolve();
  await Promise.all([first, gather(['b'])]);
  t.deepEqual(runs, [['a'], ['b']]);
});

test('createGathering() tells everybody of its own failure alone', async t => {
  const {lock, runs, gather} = setUp(items => items.includes('b'));
  const busy = lock(async () => {});
  const [, a, b] = await Promise.allSettled([busy, gather(['a']), gather(['b'])]);
  t.is(a?.status, 'fulfilled');
  t.is(b?.status === 'rejected' ? (b.reason as Error).message : '', 'no b');
  t.deepEqual(runs, [['a', 'b'], ['a'], ['b']]);
});
