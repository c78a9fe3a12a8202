import test from 'ava';
import {KernelError} from '../../src/errors.ts';
import {execute} from '../../src/kernel/execute.ts';
import type {Item, Op} from '../../src/kernel/item.ts';

const sysctl = (name: string): Item => ({ns: '', kind: 'sysctl', path: name, value: '1'});
const element = (field: string): Item => ({ns: '', kind: 'element', set: 's', fields: [field], data: []});
const add = (item: Item): Op => ({do: 'add', item});
const del = (item: Item): Op => ({do: 'del', item});
const name = (op: Op): string =>
  `${op.do} ${op.item.kind === 'sysctl' ? op.item.path : op.item.kind === 'element' ? op.item.fields[0] : op.item.kind}`;

/** Records the steps; those whose text `fails` knows throw. */
const recorder = (fails: Readonly<Record<string, Error>> = {}) => {
  const steps: string[] = [];
  const apply = async (step: readonly Op[]): Promise<void> => {
    const text = step.map(name).join(', ');
    steps.push(text);
    if (fails[text]) throw fails[text];
  };
  return {steps, apply};
};

test('execute() makes one transaction of consecutive nft operations', async t => {
  const {steps, apply} = recorder();
  await execute(
    [add(sysctl('a')), add(element('x')), add(element('y')), add(sysctl('b')), add(element('z'))],
    'undo',
    apply,
  );
  t.deepEqual(steps, ['add a', 'add x, add y', 'add b', 'add z']);
});

test('execute() takes back what was done, last first, and throws the cause', async t => {
  const cause = new Error('no');
  const {steps, apply} = recorder({'add c': cause});
  t.is(await t.throwsAsync(execute([add(sysctl('a')), del(sysctl('b')), add(sysctl('c'))], 'undo', apply)), cause);
  t.deepEqual(steps, ['add a', 'del b', 'add c', 'add b', 'del a']);
});

test('execute() tells of a rollback that fails too', async t => {
  const {apply} = recorder({'add b': new Error('first'), 'del a': new Error('second')});
  const error = await t.throwsAsync(execute([add(sysctl('a')), add(sysctl('b'))], 'undo', apply), {
    instanceOf: AggregateError,
  });
  t.regex(error!.message, /first; and taking it back failed: second/);
});

test('execute() goes on and reports everything that failed', async t => {
  const {steps, apply} = recorder({'del a': new Error('a'), 'del c': new Error('c')});
  const error = await t.throwsAsync(
    execute([del(sysctl('a')), del(sysctl('b')), del(sysctl('c'))], 'continue', apply),
    {instanceOf: AggregateError},
  );
  t.is(error!.message, 'a; c');
  t.deepEqual(steps, ['del a', 'del b', 'del c']);
});

test('execute() is content when what it should remove is gone, and retries a refused transaction one by one', async t => {
  const gone = new KernelError('gone', {errno: 2});
  const {steps, apply} = recorder({'del x, del y': gone, 'del x': gone});
  await execute([del(element('x')), del(element('y'))], 'continue', apply);
  t.deepEqual(steps, ['del x, del y', 'del x', 'del y']);
});

test('execute() does not excuse a missing object when adding', async t => {
  const {apply} = recorder({'add a': new KernelError('no such device', {errno: 19})});
  await t.throwsAsync(execute([add(sysctl('a'))], 'continue', apply), {message: 'no such device'});
});
