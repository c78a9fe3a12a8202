import test from 'ava';
import {decodeHook} from '../../../src/daemon/plugins/oci/decode-hook.ts';

const state = (over: object = {}) =>
  JSON.stringify({ociVersion: '1.0.2', id: 'web', status: 'creating', pid: 42, ...over});

test('decodeHook() joins arguments and annotations', t => {
  const annotations = {'tnet.publish': '8080:80,53:53/udp', 'tnet.network': 'blue', 'other.thing': 'x'};
  const hook = decodeHook(['createRuntime', '--network', 'red', '--alias=shop'], state({annotations}));
  t.like(hook, {id: 'web', pid: 42, networks: ['red', 'blue'], names: ['web', 'shop']});
  t.is(hook.ports.length, 2);
  t.deepEqual(decodeHook(['poststop'], state({pid: 0})).networks, ['bridge']);
});

test('decodeHook() refuses what it does not know, by name', t => {
  t.throws(() => decodeHook([], state()), {message: /unknown hook "": want createRuntime or poststop/});
  t.throws(() => decodeHook(['createRuntime', '--nix', 'x'], state()), {message: /unknown argument/});
  t.throws(() => decodeHook(['createRuntime', '--publish', 'x:y'], state()), {message: /invalid port/});
  t.throws(() => decodeHook(['createRuntime'], '{'), {message: /is not JSON/});
});
