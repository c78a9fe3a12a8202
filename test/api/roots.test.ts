import {readFileSync} from 'node:fs';
import test from 'ava';
import {decodeError} from '../../src/api/api-error.ts';
import {netnsIdentity} from '../../src/api/netns.ts';
import {logPath, pidPath, resolveRoots, socketPath} from '../../src/api/roots.ts';
import {tnetVersion} from '../../src/api/version.ts';

test('resolveRoots() takes options first, then the environment, then the places of the system', t => {
  const env = {TNET_ROOT: '/e/root', TNET_RUN_ROOT: '/e/run'};
  t.deepEqual(resolveRoots({}, {}), {root: '/var/lib/tnet', runRoot: '/run/tnet'});
  t.deepEqual(resolveRoots({}, env), {root: '/e/root', runRoot: '/e/run'});
  t.deepEqual(resolveRoots({root: '/o/'}, env), {root: '/o', runRoot: '/e/run'});
  t.is(resolveRoots({root: 'rel'}, {}).root, `${process.cwd()}/rel`);
});

test('resolveRoots() refuses a run root whose socket has no place in sun_path', t => {
  const fits = `/${'x'.repeat(96)}`;
  t.is(Buffer.byteLength(socketPath(resolveRoots({runRoot: fits}, {}))), 107);
  t.throws(() => resolveRoots({runRoot: `${fits}x`}, {}), {
    instanceOf: RangeError,
    message: /is too long.*at most 107 bytes.*has 108/,
  });
});

test('socketPath(), pidPath() and logPath() are below the roots', t => {
  const roots = {root: '/r', runRoot: '/x'};
  t.deepEqual([socketPath(roots), pidPath(roots), logPath(roots)], ['/x/tnet.sock', '/x/tnet.pid', '/r/daemon.log']);
});

test('netnsIdentity() is device and inode of the namespace', t => {
  t.regex(netnsIdentity(), /^\d+:\d+$/);
});

test('decodeError() reads {"message"}, ours with its code, and whatever a stranger answers', t => {
  t.like(decodeError(409, '{"message":"taken","code":"ERR_NAME_IN_USE"}'), {
    message: 'taken',
    code: 'ERR_NAME_IN_USE',
    status: 409,
  });
  t.like(decodeError(404, '{"message":"no"}'), {message: 'no', code: null});
  t.is(decodeError(502, '<html>').message, '<html>');
  t.is(decodeError(502, '').message, 'the daemon answered 502');
});

test('tnetVersion is that of package.json', t => {
  const {version} = JSON.parse(readFileSync('package.json', 'utf8')) as {version: string};
  t.is(tnetVersion, version);
});
