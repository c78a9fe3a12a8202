import test from 'ava';
import {decodeHook} from '../../../src/daemon/plugins/oci/decode-hook.ts';
import {decodeDevices, readDevices} from '../../../src/daemon/plugins/oci/read-devices.ts';

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

test('decodeHook() takes network none for no network of ours, and the bundle as it is', t => {
  const alone = decodeHook(['createRuntime', '--network', 'none'], state({bundle: '/b'}));
  t.deepEqual(alone.networks, []);
  t.is(alone.bundle, '/b');
  t.throws(() => decodeHook(['createRuntime', '--network', 'none', '--network', 'red'], state()), {
    message: /"none" goes with no other/,
  });
});

test('decodeDevices() gives each device its name in the container', t => {
  const netDevices = {eth1: {name: 'lan0'}, eth2: {}, eth3: {name: ''}, eth4: null};
  t.deepEqual(decodeDevices({ociVersion: '1.3.0', linux: {netDevices}}), [
    {device: 'eth1', name: 'lan0'},
    {device: 'eth2', name: 'eth2'},
    {device: 'eth3', name: 'eth3'},
    {device: 'eth4', name: 'eth4'},
  ]);
  for (const config of [{}, {linux: null}, {linux: {}}, {linux: {netDevices: null}}])
    t.deepEqual(decodeDevices(config), []);
});

test('decodeDevices() refuses two of one name and what is no device, readDevices() what cannot be read', t => {
  const refused = (netDevices: unknown, message: RegExp) =>
    t.throws(() => decodeDevices({linux: {netDevices}}), {message});
  refused({a: {name: 'x'}, b: {name: 'x'}}, /"a" and "b" cannot both be "x"/);
  refused({a: {}, b: {name: 'a'}}, /"a" and "b" cannot both be "a"/);
  refused({a: 'x'}, /linux\.netDevices/);
  t.throws(() => readDevices('/nowhere'), {message: /cannot read the bundle's "\/nowhere\/config\.json": ENOENT/});
});
