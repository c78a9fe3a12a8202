import {existsSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {removeDockerSpec, writeDockerSpec} from '../../src/cli/docker-spec.ts';

const folder = (t: {teardown(job: () => void): void}): string => {
  const dir = mkdtempSync(join(tmpdir(), 'tnet-spec-'));
  t.teardown(() => rmSync(dir, {recursive: true}));
  return dir;
};

test('writeDockerSpec() names the socket in a file, or links it where dockerd looks for sockets', t => {
  const dir = folder(t);
  t.deepEqual(writeDockerSpec(dir, '/run/tnet/tnet.sock', 'refuse'), [join(dir, 'tnet.spec')]);
  t.is(readFileSync(join(dir, 'tnet.spec'), 'utf8'), 'unix:///run/tnet/tnet.sock\n');
  t.deepEqual(writeDockerSpec(dir, '/run/tnet/tnet.sock', 'refuse'), []);
  t.deepEqual(writeDockerSpec(dir, '/run/other/tnet.sock', 'refuse'), [join(dir, 'tnet.spec')]);
  const sockets = join(dir, 'run/docker/plugins');
  writeDockerSpec(sockets, '/run/tnet/tnet.sock', 'refuse');
  t.is(readlinkSync(join(sockets, 'tnet.sock')), '/run/tnet/tnet.sock');
  t.deepEqual(removeDockerSpec(sockets), [join(sockets, 'tnet.sock')]);
  t.deepEqual(removeDockerSpec(dir), [join(dir, 'tnet.spec')]);
  t.deepEqual(removeDockerSpec(dir), []);
});

test('writeDockerSpec() and removeDockerSpec() leave what is foreign, unless told to replace it', t => {
  const dir = folder(t);
  const path = join(dir, 'tnet.spec');
  writeFileSync(path, 'tcp://192.0.2.1:9000');
  t.throws(() => writeDockerSpec(dir, '/run/tnet/tnet.sock', 'refuse'), {message: /there already; give --force/});
  t.deepEqual(removeDockerSpec(dir), []);
  t.true(existsSync(path));
  t.deepEqual(writeDockerSpec(dir, '/run/tnet/tnet.sock', 'replace'), [path]);
});
