import test from 'ava';
import {decodeContainer} from '../../src/daemon/decode-container.ts';
import {encodeIsolation} from '../../src/daemon/encode-isolation.ts';
import {isolatedByDefault} from '../../src/model/isolation.ts';
import {grantCapabilities, normalizeCapabilities} from '../../src/runtime/launch/capabilities.ts';

const decode = (HostConfig: object, rest: object = {}) =>
  decodeContainer({Image: 'host', ...rest, HostConfig}).config.isolation;

test('decodeContainer() isolates by default', t => {
  t.deepEqual(decode({}), isolatedByDefault);
  t.deepEqual(
    decode({PidMode: '', IpcMode: 'private', UTSMode: '', UsernsMode: '', CgroupnsMode: '', CapAdd: null}),
    isolatedByDefault,
  );
});

test('decodeContainer() reads every mode, and encodeIsolation() writes it back', t => {
  const given = {
    PidMode: 'container:web',
    IpcMode: 'shareable',
    UTSMode: 'host',
    UsernsMode: 'host',
    CgroupnsMode: 'host',
    Privileged: false,
    CapAdd: ['CAP_NET_ADMIN'],
    CapDrop: ['ALL'],
    ReadonlyRootfs: true,
    MaskedPaths: [],
    ReadonlyPaths: ['/proc/sys'],
  };
  t.deepEqual(encodeIsolation(decode(given)), given);
  t.deepEqual(decode({CapAdd: ['net_admin', 'all'], CapDrop: ['CAP_kill']}).capAdd, ['CAP_NET_ADMIN', 'ALL']);
});

test('encodeIsolation() tells a privileged container by its missing lists', t => {
  const {MaskedPaths, ReadonlyPaths, Privileged} = encodeIsolation(decode({Privileged: true}));
  t.deepEqual([MaskedPaths, ReadonlyPaths, Privileged], [null, null, true]);
});

for (const [host, rest, message] of [
  [{PidMode: 'other'}, {}, 'invalid PID mode: other'],
  [{PidMode: 'container:'}, {}, 'invalid PID mode: container:'],
  [{IpcMode: 'shared'}, {}, 'invalid IPC mode: shared'],
  [{UTSMode: 'private'}, {}, 'invalid UTS mode: private'],
  [{CgroupnsMode: 'x'}, {}, 'invalid cgroup namespace mode: x'],
  [{UTSMode: 'host'}, {Hostname: 'box'}, 'conflicting options: hostname and the UTS mode'],
  [{CapAdd: ['NOSUCH']}, {}, 'invalid CapAdd: unknown capability: "CAP_NOSUCH"'],
  [{CapDrop: ['cap_x']}, {}, 'invalid CapDrop: unknown capability: "CAP_X"'],
  [{UsernsMode: 'private'}, {}, 'invalid USER mode: private'],
  [{MaskedPaths: ['etc']}, {}, 'invalid path "etc": not absolute'],
] as const)
  test(`decodeContainer() refuses ${JSON.stringify(host)}`, t => void t.throws(() => decode(host, rest), {message}));

const all = (1n << 41n) - 1n;
const grant = (capAdd: readonly string[], capDrop: readonly string[], available = all, privileged = false) =>
  grantCapabilities(
    {privileged, capAdd: normalizeCapabilities(capAdd), capDrop: normalizeCapabilities(capDrop)},
    available,
  );

test('grantCapabilities() goes in the order of Docker', t => {
  t.is(grant([], []).length, 14);
  t.deepEqual(grant(['net_admin', 'KILL'], []).slice(12), ['KILL', 'AUDIT_WRITE', 'NET_ADMIN']);
  t.false(grant([], ['CAP_KILL']).includes('KILL'));
  t.deepEqual(grant(['KILL'], ['ALL']), ['KILL']);
  t.deepEqual(grant([], ['ALL']), []);
  t.is(grant(['ALL'], ['ALL']).length, 41);
  t.is(grant(['ALL'], ['SYS_ADMIN']).length, 40);
  t.true(grant(['KILL'], ['KILL']).includes('KILL'));
});

test('grantCapabilities() never gives what this process lacks', t => {
  const withoutResource = all & ~(1n << 24n);
  t.is(grant([], [], withoutResource, true).length, 40);
  t.is(grant(['ALL'], [], withoutResource).length, 40);
  t.deepEqual(grant([], [], 1n), ['CHOWN']);
  t.throws(() => grant(['SYS_RESOURCE'], [], withoutResource), {
    code: 'ERR_BAD_REQUEST',
    message: /not available in the current environment: "CAP_SYS_RESOURCE"$/,
  });
});
