import test from 'ava';
import {decodeStorage, type StorageFields} from '../../src/daemon/decode-storage.ts';
import {decoding} from '../../src/daemon/failure.ts';
import {parseVolumeSpec} from '../../src/daemon/parse-volume-spec.ts';

const decode = (fields: Partial<StorageFields>, volumes: readonly string[] = []) =>
  decoding(() => decodeStorage(fields as StorageFields, volumes));

for (const [spec, expected] of [
  ['data:/d', {kind: 'volume', name: 'data', target: '/d', readonly: false, populate: true, anonymous: false}],
  ['data:/d:ro,nocopy', {kind: 'volume', readonly: true, populate: false, mode: 'ro,nocopy'}],
  ['/a//b/../c:/d/', {kind: 'bind', source: '/a/c', target: '/d', propagation: 'rprivate', createSource: true}],
  ['/a:/d:rshared,Z', {kind: 'bind', propagation: 'rshared', readonly: false}],
  ['/d', {kind: 'volume', name: '', anonymous: true}],
] as const) {
  test(`parseVolumeSpec() reads ${spec}`, t => t.like(parseVolumeSpec(spec), expected));
}

for (const [spec, message] of [
  ['/data:ro', /invalid volume specification: '\/data:ro'/],
  ['a:b:c:d', /invalid volume specification/],
  [':/d', /invalid volume specification/],
  ['/a:/d:rw,ro', /invalid mode: rw,ro/],
  ['/a:/d:nosuch', /invalid mode: nosuch/],
  ['/a:d', /type "bind": invalid mount path: 'd' mount path must be absolute/],
  ['/a:/x/..', /destination can't be '\/'/],
  ['x:/d', /volume name is too short/],
  ['../x:/d', /"\.\.\/x" includes invalid characters for a local volume name/],
  ['/a:/d:nocopy', /type "bind": field VolumeOptions must not be specified/],
  ['data:/d:rslave', /type "volume": field BindOptions must not be specified/],
] as const) {
  test(`parseVolumeSpec() refuses ${spec}`, t => t.throws(() => parseVolumeSpec(spec), {message}));
}

test('decodeStorage() takes every kind, once for each target', t => {
  const {mounts, volumesFrom} = decode(
    {
      Binds: ['data:/data'],
      Mounts: [
        {Type: 'bind', Source: '/src', Target: '/src', ReadOnly: true, BindOptions: {ReadOnlyForceRecursive: true}},
        {
          Type: 'volume',
          Source: 'vol',
          Target: '/v',
          VolumeOptions: {Subpath: 'a/./b', DriverConfig: {Options: {o: 'x'}}},
        },
        {Type: 'tmpfs', Target: '/t', TmpfsOptions: {SizeBytes: 4096, Mode: 0o700}},
      ],
      Tmpfs: {'/run': 'size=1m,exec'},
      VolumesFrom: ['web:ro'],
    },
    ['/data', '/anonymous'],
  );
  t.deepEqual(
    mounts.map(({kind, target}) => `${kind} ${target}`),
    ['volume /data', 'bind /src', 'volume /v', 'tmpfs /t', 'tmpfs /run', 'volume /anonymous'],
  );
  t.like(mounts[1], {recursion: 'readonly', createSource: false, readonly: true});
  t.like(mounts[2], {subpath: 'a/b', populate: false, options: {o: 'x'}});
  t.like(mounts[3], {options: ['noexec', 'nosuid', 'nodev', 'size=4096', 'mode=700']});
  t.like(mounts[4], {options: ['exec', 'nosuid', 'nodev', 'size=1m']});
  t.deepEqual(volumesFrom, [{container: 'web', readonly: true}]);
});

for (const [what, fields, message] of [
  ['two mounts on one target', {Binds: ['a1:/d', '/b:/d']}, /Duplicate mount point: \/d/],
  ['a bind without a source', {Mounts: [{Type: 'bind', Target: '/d'}]}, /field Source must not be empty/],
  ['a tmpfs with a source', {Mounts: [{Type: 'tmpfs', Source: '/x', Target: '/d'}]}, /field Source must not be spec/],
  ['an unknown type', {Mounts: [{Type: 'npipe', Target: '/d'}]}, /type "npipe": mount type unknown/],
  ['no target', {Mounts: [{Type: 'volume', Source: 'vv'}]}, /field Target must not be empty/],
  [
    'a propagation',
    {Mounts: [{Type: 'bind', Source: '/a', Target: '/d', BindOptions: {Propagation: 'x'}}]},
    /invalid propagation mode: x/,
  ],
  [
    'forced read-only that is not',
    {Mounts: [{Type: 'bind', Source: '/a', Target: '/d', BindOptions: {ReadOnlyForceRecursive: true}}]},
    /requires ReadOnly/,
  ],
  [
    'a subpath that climbs',
    {Mounts: [{Type: 'volume', Source: 'vv', Target: '/d', VolumeOptions: {Subpath: 'a/../../b'}}]},
    /relative path within/,
  ],
  [
    'a read-only anonymous volume',
    {Mounts: [{Type: 'volume', Target: '/d', ReadOnly: true}]},
    /must not set ReadOnly mode/,
  ],
  ['another driver', {VolumeDriver: 'nfs'}, /error looking up volume plugin nfs: plugin "nfs" not found/],
  [
    'an option nobody knows',
    {Mounts: [{Type: 'bind', Source: '/a', Target: '/d', Nosuch: 1} as never]},
    /Mounts\.Nosuch 1 is not supported/,
  ],
  ['a tmpfs word', {Tmpfs: {'/d': 'size=1,what'}}, /invalid tmpfs option \["what"\]/],
  ['a mode of --volumes-from', {VolumesFrom: ['web:nocopy']}, /invalid mode: nocopy/],
] as const) {
  test(`decodeStorage() refuses ${what}`, t => t.throws(() => decode(fields as Partial<StorageFields>), {message}));
}
