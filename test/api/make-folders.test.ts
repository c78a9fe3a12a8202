import {mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {makeFolders} from '../../src/api/make-folders.ts';

const base = mkdtempSync(join(tmpdir(), 'tnet-folders-'));
test.after.always(() => rmSync(base, {recursive: true, force: true}));

test('makeFolders() makes what is missing, and is content with what is there', t => {
  const path = join(base, 'a/b/c');
  makeFolders(path, 0o711);
  makeFolders(path, 0o711);
  t.is(statSync(path).mode & 0o777, 0o711);
  symlinkSync('a', join(base, 'link'));
  makeFolders(join(base, 'link'), 0o711);
  makeFolders('/', 0o711);
});

test('makeFolders() ends where the kernel makes no directory', t => {
  for (const path of ['/proc/x', '/proc/x/y/z', '/proc/self/x'])
    t.throws(() => makeFolders(path, 0o711), {
      code: 'ERR_DAEMON',
      message: /^Cannot create directory "\/proc\/\S+": EN/,
    });
  writeFileSync(join(base, 'file'), '');
  t.throws(() => makeFolders(join(base, 'file'), 0o711), {message: /EEXIST/});
  t.throws(() => makeFolders(join(base, 'file/x'), 0o711), {message: /ENOTDIR/});
  mkdirSync(join(base, 'dir'));
  symlinkSync('nowhere', join(base, 'dangling'));
  t.throws(() => makeFolders(join(base, 'dangling/x'), 0o711), {code: 'ERR_DAEMON'});
});
