import test from 'ava';
import type {Container} from '../../../src/model/container.ts';
import {type BindMount, noStorage, type Storage, type VolumeMount} from '../../../src/model/mount.ts';
import {mountOps, type PlacedTree, sourceOps} from '../../../src/runtime/launch/plan-mounts.ts';
import {claimStorage} from '../../../src/runtime/volumes/claim-storage.ts';
import {checkPropagation} from '../../../src/runtime/volumes/propagation.ts';

const volume = (name: string, target: string, change: Partial<VolumeMount> = {}): VolumeMount => ({
  kind: 'volume',
  name,
  anonymous: name === '',
  target,
  readonly: false,
  mode: '',
  populate: true,
  subpath: '',
  labels: {},
  options: {},
  ...change,
});
const bind: BindMount = {
  kind: 'bind',
  source: '/src',
  target: '/src',
  readonly: false,
  mode: '',
  propagation: 'rprivate',
  recursion: 'enabled',
  createSource: true,
};
const other = (mounts: Storage['mounts']): Container => ({config: {storage: {...noStorage, mounts}}}) as Container;
const claim = (storage: Partial<Storage>, from: Storage['mounts'] = [], image: readonly VolumeMount[] = []) =>
  claimStorage(
    {...noStorage, ...storage},
    {
      volumes: new Map(),
      container: () => other(from),
      imageVolumes: image,
      newId: () => 'f'.repeat(64),
      created: 'now',
    },
  );

test('claimStorage() names anonymous volumes and makes those that are not there, each once', t => {
  const {storage, fresh} = claim({mounts: [volume('', '/a'), volume('data', '/b'), volume('data', '/c'), bind]});
  t.deepEqual(
    fresh.map(({name, labels}) => [name, labels]),
    [
      ['f'.repeat(64), {'com.docker.volume.anonymous': ''}],
      ['data', {}],
    ],
  );
  t.like(storage.mounts[0], {name: 'f'.repeat(64), anonymous: true});
});

test("claimStorage() takes one's own mount before --volumes-from before the image's", t => {
  const volumesFrom = [{container: 'web', readonly: true}];
  const from = [volume('theirs', '/a'), volume('theirs', '/b'), {...bind, target: '/c'}];
  const {storage} = claim({mounts: [volume('mine', '/a')], volumesFrom}, from, [volume('', '/b'), volume('', '/d')]);
  const seen = storage.mounts.map(
    mount => `${mount.target} ${mount.kind === 'volume' ? mount.name.slice(0, 6) : ''}${mount.readonly ? ' ro' : ''}`,
  );
  t.deepEqual(seen.sort(), ['/a mine', '/b theirs ro', '/c  ro', '/d ffffff']);
});

const tree = (target: string, change: Partial<PlacedTree> = {}): PlacedTree => ({
  kind: 'tree',
  source: `/host${target}`,
  subpath: '',
  target,
  ids: 'plain',
  extent: 'recursive',
  access: 'writable',
  propagation: 'rprivate',
  populate: null,
  ...change,
});

test('mountOps() goes from the top down, and our files give way to the user’s', t => {
  const mounts = [
    tree('/etc/x/y'),
    {kind: 'tmpfs', target: '/etc/x', options: []} as const,
    tree('/etc'),
    tree('/etc/hosts'),
  ];
  const files = ['/etc/hosts', '/etc/hostname'].map(target => ({source: '/ours', target, readonly: false}));
  const targets = mountOps(mounts, files).map(([name, a, b]) => `${name} ${name === 'tmpfs' ? a : b}`);
  t.deepEqual(targets, ['attach /etc', 'tmpfs /etc/x', 'attach /etc/hosts', 'bind /etc/hostname', 'attach /etc/x/y']);
  t.deepEqual(sourceOps(mounts)[1], ['source', '/host/etc', '', 'recursive']);
  t.deepEqual(mountOps(mounts, [])[0], ['attach', '1', '/etc', 'nodev', '', 'rprivate'], 'by the number of its source');
});

test('mountOps() fills a volume before it is attached and read-only', t => {
  t.deepEqual(mountOps([tree('/v', {populate: '/volumes/v', access: 'readonly'})], []), [
    ['populate', '0', '/volumes/v', '/v'],
    ['attach', '0', '/v', 'nodev,ro', '', 'rprivate'],
  ]);
  t.deepEqual(mountOps([tree('/v', {access: 'readonly-top'})], [])[0]?.slice(3), ['nodev', 'ro', 'rprivate']);
});

test('checkPropagation() wants a shared mount, of the deepest above the path', t => {
  const info = `1 0 8:1 / / rw shared:1 - ext4 x rw\n2 1 8:1 / /a rw - ext4 x rw\n3 2 8:1 / /a/b rw master:1 - ext4 x rw\n4 1 8:1 / /c\\040d rw shared:2 - ext4 x rw\n`;
  t.notThrows(() => checkPropagation('/other', 'rshared', info));
  t.notThrows(() => checkPropagation('/a/b/c', 'rslave', info));
  t.notThrows(() => checkPropagation('/c d/x', 'shared', info));
  t.notThrows(() => checkPropagation('/a/x', 'rprivate', info));
  t.throws(() => checkPropagation('/a/x', 'rslave', info), {
    message: 'path /a/x is mounted on /a but it is not a shared or slave mount',
  });
  t.throws(() => checkPropagation('/a/b', 'rshared', info), {
    message: 'path /a/b is mounted on /a/b but it is not a shared mount',
  });
});
