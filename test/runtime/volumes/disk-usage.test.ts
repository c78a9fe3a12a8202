import {linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {diskUsage} from '../../../src/runtime/volumes/disk-usage.ts';

function makeTree(remove: (job: () => void) => void): string {
  const dir = mkdtempSync(join(tmpdir(), 'tnet-usage-'));
  remove(() => rmSync(dir, {recursive: true}));
  mkdirSync(join(dir, 'tree/below'), {recursive: true});
  return dir;
}

test.serial('diskUsage() adds up files at every depth, hard links once', async t => {
  const dir = makeTree(t.teardown);
  writeFileSync(join(dir, 'tree/a'), 'x'.repeat(100));
  writeFileSync(join(dir, 'tree/below/b'), 'x'.repeat(20));
  linkSync(join(dir, 'tree/a'), join(dir, 'tree/below/twin'));
  t.is(await diskUsage(join(dir, 'tree')), 120);
});

test.serial('diskUsage() follows no link, neither inside nor as the tree itself', async t => {
  const dir = makeTree(t.teardown);
  mkdirSync(join(dir, 'secret'));
  writeFileSync(join(dir, 'secret/file'), 'x'.repeat(5000));
  symlinkSync('../secret', join(dir, 'tree/link'));
  t.is(await diskUsage(join(dir, 'tree')), '../secret'.length);
  symlinkSync('secret', join(dir, 'itself'));
  t.is(await diskUsage(join(dir, 'itself')), 0);
});

test.serial('diskUsage() is 0 of what is not there, and keeps no descriptor', async t => {
  const dir = makeTree(t.teardown);
  const before = readdirSync('/proc/self/fd').length;
  t.is(await diskUsage(join(dir, 'nothing')), 0);
  await diskUsage(dir);
  t.true(readdirSync('/proc/self/fd').length <= before);
});

test.serial('diskUsage() ends in a tree that is deeper than it walks', async t => {
  const dir = makeTree(t.teardown);
  const deep = join(dir, 'tree', 'd/'.repeat(300));
  mkdirSync(deep, {recursive: true});
  writeFileSync(join(deep, 'file'), 'x'.repeat(7));
  writeFileSync(join(dir, 'tree/file'), 'x'.repeat(5));
  t.is(await diskUsage(join(dir, 'tree')), 5);
});
