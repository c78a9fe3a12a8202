import {execFileSync} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {run} from './fixture/host.ts';
import {raw, tnetOnPty} from './fixture/pty.ts';
import {useTnet} from './fixture/use-tnet.ts';

/** What `events` tells of volumes, images and terminals. */
const tnet = useTnet({
  closed: () => rmSync(dir, {recursive: true}),
});
const dir = mkdtempSync(join(tmpdir(), 'tnet-events-'));

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

test.serial('events tell which container mounts a volume where, and when it gives it back', async t => {
  const volumes = ['-v', 'shared:/srv', '-v', 'fixed:/etc/fixed:ro'];
  const id = await tnet.ok('create', '--name', 'mounts', ...volumes, '--network', 'none', 'host', 'true');
  await tnet.ok('start', '-a', 'mounts');
  const names = '{{.Action}} {{.Actor.ID}} {{.Actor.Attributes.container}} {{.Actor.Attributes.driver}}';
  const where = `${names} {{index .Actor.Attributes "destination"}} {{index .Actor.Attributes "read/write"}}`;
  const ofMounts = (await told('volume', where)).filter(line => line.includes('mount '));
  t.deepEqual(
    ofMounts.map(line => line.trimEnd()),
    [
      `mount shared ${id} local /srv true`,
      `mount fixed ${id} local /etc/fixed false`,
      `unmount shared ${id} local`,
      `unmount fixed ${id} local`,
    ],
  );
  await tnet.ok('rm', 'mounts');
  await tnet.ok('volume', 'rm', 'shared', 'fixed');
});

test.serial('a start that fails gives its volumes back: as many unmounts as mounts', async t => {
  const {code} = await tnet.run(['run', '--rm', '-v', 'vain:/srv', '--network', 'none', 'host', '/nope']);
  t.is(code, 127);
  const ofVain = (await told('volume', '{{.Action}} {{.Actor.ID}}')).filter(line => line.endsWith(' vain'));
  t.deepEqual(ofVain, ['create vain', 'mount vain', 'unmount vain']);
  await tnet.ok('volume', 'rm', 'vain');
});

test.serial('events tell of attach, resize and detach, and of an exec that is left', async t => {
  await tnet.ok('run', '-dit', '--name', 'screen', '--network', 'none', 'host', 'sh', '-c', 'stty -echo; exec cat');
  const left = await tnetOnPty(tnet, ['attach', 'screen'], [raw, {type: 'x\n'}, {see: 'x'}, {type: '\x10\x11'}]);
  t.is(left.code, 0, left.output);
  const exec = await tnetOnPty(tnet, ['exec', '-it', 'screen', 'sleep', '500'], [raw, {type: '\x10\x11'}]);
  t.is(exec.code, 0, exec.output);
  const template = '{{.Actor.Attributes.name}} {{.Action}} {{.Actor.Attributes.height}} {{.Actor.Attributes.width}}';
  const lines = (await told('container', template)).filter(line =>
    /^screen (attach|resize|detach|exec_detach)/.test(line),
  );
  t.deepEqual(
    lines.map(line => line.replaceAll(/ (undefined|<no value>)/g, '').trim()),
    ['screen attach', 'screen resize 25 81', 'screen resize 24 80', 'screen detach', 'screen exec_detach'],
  );
  await tnet.ok('rm', '-f', 'screen');
});

test.serial(
  'who goes away without the keys has not detached; nor has a resize without a terminal happened',
  async t => {
    await tnet.ok('run', '-d', '--name', 'plain', '--network', 'none', 'host', 'sleep', '500');
    const gone = tnet.start('attach', 'plain');
    const attached = async (): Promise<boolean> =>
      (await told('container', '{{.Action}} {{.Actor.Attributes.name}}')).includes('attach plain');
    while (!(await attached())) await new Promise(resolve => setTimeout(resolve, 20));
    gone.kill('SIGKILL');
    run(`curl -s -XPOST --unix-socket ${tnet.socket} 'http://tnet/containers/plain/resize?h=5&w=5'`);
    await tnet.ok('rm', '-f', 'plain');
    const actions = await told('container', '{{.Actor.Attributes.name}} {{.Action}}');
    t.deepEqual(
      actions.filter(line => /^plain (resize|detach)/.test(line)),
      [],
    );
  },
);
