import {mkdtempSync, readdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {cniNames, linkPlugins, pluginPath, unlinkPlugins} from '../../src/cli/plugin-links.ts';

const folder = (t: {teardown(job: () => void): void}): string => {
  const dir = mkdtempSync(join(tmpdir(), 'tnet-links-'));
  t.teardown(() => rmSync(dir, {recursive: true}));
  return dir;
};

test('linkPlugins() links every name once, and unlinkPlugins() takes exactly these back', t => {
  const dir = folder(t);
  writeFileSync(join(dir, 'dhcp'), '');
  t.is(linkPlugins({dir, names: cniNames}, pluginPath(), 'refuse').length, cniNames.length);
  t.is(readlinkSync(join(dir, 'bridge')), pluginPath());
  t.deepEqual(linkPlugins({dir, names: cniNames}, pluginPath(), 'refuse'), []);
  t.is(unlinkPlugins({dir, names: cniNames}).length, cniNames.length);
  t.deepEqual(readdirSync(dir), ['dhcp']);
});

test('linkPlugins() replaces links of another version, and what is foreign only when it is told to', t => {
  const dir = folder(t);
  symlinkSync('/old/build/Release/tnet-plugin', join(dir, 'bridge'));
  writeFileSync(join(dir, 'portmap'), 'theirs');
  t.throws(() => linkPlugins({dir, names: cniNames}, pluginPath(), 'refuse'), {
    message: /portmap are there already; .*--force/,
  });
  t.deepEqual(readdirSync(dir).sort(), ['bridge', 'portmap']);
  t.is(linkPlugins({dir, names: cniNames}, pluginPath(), 'replace').length, cniNames.length);
  t.is(readlinkSync(join(dir, 'portmap')), pluginPath());
});

test('unlinkPlugins() leaves what is foreign', t => {
  const dir = folder(t);
  writeFileSync(join(dir, 'portmap'), 'theirs');
  symlinkSync('/usr/lib/cni/bridge', join(dir, 'bridge'));
  t.deepEqual(unlinkPlugins({dir, names: cniNames}), []);
  t.deepEqual(readdirSync(dir).sort(), ['bridge', 'portmap']);
});
