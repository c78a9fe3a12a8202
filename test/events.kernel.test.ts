import {execFileSync} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {belongings, makeHost} from './fixture/host.ts';
import {makeTnet, type Tnet} from './fixture/tnet.ts';

/** What `events` tells of volumes and images. */
let tnet: Tnet;
let before: ReturnType<typeof belongings>;
const dir = mkdtempSync(join(tmpdir(), 'tnet-events-'));

test.before(() => {
  makeHost();
  before = belongings();
  tnet = makeTnet();
});

test.after.always(async t => {
  await tnet.end();
  rmSync(dir, {recursive: true});
  t.deepEqual(belongings(), before);
});

const told = async (type: string, template: string): Promise<readonly string[]> =>
  (
    await tnet.ok(...['events', '--since', '1h', '--until', '0s', '--filter', `type=${type}`, '--format', template])
  ).split('\n');

test.serial('events tell when a volume comes and goes, by itself or with a container', async t => {
  await tnet.ok('volume', 'create', 'data');
  await tnet.ok('create', '--name', 'user', '-v', 'more:/more', 'host', 'true');
  await tnet.ok('rm', 'user');
  for (const name of ['data', 'more']) await tnet.ok('volume', 'rm', name);
  t.deepEqual(await told('volume', '{{.Action}} {{.Actor.ID}} {{.Actor.Attributes.driver}}'), [
    'create data local',
    'create more local',
    'destroy data local',
    'destroy more local',
  ]);
});

test.serial('events tell when an image comes, is named, and goes', async t => {
  writeFileSync(join(dir, 'file'), 'content');
  execFileSync('tar', ['-C', dir, '-cf', join(dir, 'image.tar'), 'file']);
  const id = await tnet.ok('image', 'import', join(dir, 'image.tar'), 'small:1');
  await tnet.ok('image', 'rm', 'small:1');
  t.deepEqual(await told('image', '{{.Action}} {{.Actor.Attributes.name}}'), [
    `import ${id}`,
    'tag small:1',
    'untag small:1',
    `delete ${id}`,
  ]);
});
