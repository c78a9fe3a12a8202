import {mkdtempSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {linkPlugins, netavarkNames, unlinkPlugins} from '../../src/cli/plugin-links.ts';

test("linkPlugins() links its names, refuses what is another's, and unlinkPlugins() takes back its own alone", t => {
  const dir = mkdtempSync(join(tmpdir(), 'tnet-links-'));
  t.teardown(() => rmSync(dir, {recursive: true}));
  const links = {dir, names: netavarkNames};
  writeFileSync(join(dir, 'netavark'), 'another');
  t.throws(() => linkPlugins(links, '/x/tnet-plugin', 'refuse'), {message: /netavark are there already/});
  t.deepEqual(readdirSync(dir), ['netavark']);
  t.is(linkPlugins(links, '/x/tnet-plugin', 'replace').length, 2);
  t.deepEqual(linkPlugins(links, '/x/tnet-plugin', 'refuse'), []);
  writeFileSync(join(dir, 'conmon'), 'another');
  t.is(unlinkPlugins(links).length, 2);
  t.deepEqual(readdirSync(dir), ['conmon']);
});
