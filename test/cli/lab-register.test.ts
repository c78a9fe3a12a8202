import test from 'ava';
import {Command} from 'commander';
import {labRegister} from '../../src/cli/commands/lab.ts';
import type {Context} from '../../src/cli/context.ts';

const commandsFor = async (sub?: string): Promise<readonly string[]> => {
  const program = new Command();
  (await labRegister(sub))(program, {} as Context);
  return program.commands[0]!.commands.map(command => command.name());
};

test('labRegister() registers a part that has the command, and all parts where it knows none', async t => {
  const all = await commandsFor();
  t.is(new Set(all).size, all.length);
  t.deepEqual(await commandsFor('nonsense'), all);
  for (const name of all) {
    const part = await commandsFor(name);
    t.true(part.includes(name), name);
    t.true(part.length < all.length, `"${name}" is known to its part`);
  }
});
