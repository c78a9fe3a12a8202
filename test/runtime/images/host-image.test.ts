import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import type {TnetError} from '../../../src/errors.ts';
import {type HostFiles, hostFiles} from '../../../src/runtime/images/host-files.ts';
import {listImages, resolveImage} from '../../../src/runtime/images/host-image.ts';

const passwd = `\
root:x:0:0:root:/root:/bin/bash
bin:x:2:2:bin:/bin:/usr/sbin/nologin
sync:x:4:65534:sync:/:/bin/sync
postgres:x:113:119::/var/lib/postgresql:/bin/bash
ann:x:1000:1000:Ann,,,:/home/ann/:/bin/bash
+::::::
`;

/** A machine in a temporary folder; a name with `/` at its end is a directory. */
function machine(t: ExecutionContext, paths: readonly string[]): HostFiles {
  const root = mkdtempSync(join(tmpdir(), 'tnet-image-'));
  t.teardown(() => rmSync(root, {recursive: true}));
  for (const path of paths) {
    mkdirSync(join(root, path.endsWith('/') ? path : dirname(path)), {recursive: true});
    if (!path.endsWith('/')) writeFileSync(join(root, path), path === '/etc/passwd' ? passwd : '');
  }
  return hostFiles(root);
}

const roots = ['/run/tnet', '/var/lib/tnet'];
const masks = (t: ExecutionContext, paths: readonly string[]) =>
  resolveImage('host', {roots, files: machine(t, paths)}).masks.filter(path => !roots.includes(path));

test('resolveImage() makes "host" of the root file system', t => {
  const {masks: _, ...image} = resolveImage('host', {roots, files: machine(t, [])});
  t.deepEqual(image, {
    id: 'sha256:d8387cdcb73c8c9b3dba37c626cfe9bd869f67adaaf401d3d2976055739d59d7',
    name: 'host',
    tags: ['host:latest'],
    lower: ['/'],
    env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
    cmd: ['/bin/sh'],
    notes: [],
  });
});

test('resolveImage() answers to name, tag, id and the beginning of the id', t => {
  const source = {roots, files: machine(t, [])};
  const [{id} = {id: ''}] = listImages(source);
  for (const name of ['host', 'host:latest', id, id.slice(7), id.slice(7, 19)]) t.is(resolveImage(name, source).id, id);
});

for (const [name, shown] of [
  ['nosuch', 'nosuch:latest'],
  ['host:1', 'host:1'],
  ['localhost:5000/host', 'localhost:5000/host:latest'],
  ['d8387cdcb73', 'd8387cdcb73:latest'], // one digit too short
])
  test(`resolveImage() does not know "${name}"`, t => {
    const error = t.throws<TnetError>(() => resolveImage(name ?? '', {roots, files: machine(t, [])}));
    t.is(error?.code, 'ERR_IMAGE_NOT_FOUND');
    t.is(error?.message, `No such image: ${shown}`);
  });

test('masks hold the roots of tnet, though nothing is there yet', t => {
  t.deepEqual(resolveImage('host', {roots, files: machine(t, [])}).masks, roots);
});

test('masks hold password files with their backups', t => {
  const secret = [
    '/etc/gshadow',
    '/etc/gshadow-',
    '/etc/security/opasswd',
    '/etc/shadow',
    '/etc/shadow-',
    '/etc/shadow.bak',
  ];
  t.deepEqual(masks(t, [...secret, '/etc/passwd', '/etc/group', '/etc/sudoers', '/etc/security/limits.conf']), secret);
  t.deepEqual(masks(t, ['/var/backups/shadow.bak', '/var/backups/gshadow.bak', '/var/backups/dpkg.status.0']), [
    '/var/backups/gshadow.bak',
    '/var/backups/shadow.bak',
  ]);
});

test('masks hold private host keys, not public ones', t => {
  const paths = ['ssh_host_rsa_key', 'ssh_host_rsa_key.pub', 'ssh_host_ed25519_key', 'sshd_config', 'moduli'];
  t.deepEqual(
    masks(
      t,
      paths.map(name => `/etc/ssh/${name}`),
    ),
    ['/etc/ssh/ssh_host_ed25519_key', '/etc/ssh/ssh_host_rsa_key'],
  );
});

test('masks hold the keys of every home in passwd', t => {
  const secret = [
    '/.ssh/',
    '/home/ann/.gnupg/',
    '/home/ann/.ssh/',
    '/root/.gnupg/',
    '/root/.ssh/',
    '/var/lib/postgresql/.ssh/',
  ];
  const found = masks(t, ['/etc/passwd', '/home/ann/.bashrc', ...secret]);
  t.deepEqual(
    found,
    secret.map(path => path.slice(0, -1)),
  );
});

test('masks hold the keys of homes that passwd does not know', t => {
  const found = masks(t, ['/etc/passwd', '/home/ldap/.ssh/id_rsa', '/home/example.com/bob/.gnupg/', '/home/note.txt']);
  t.deepEqual(found, ['/home/example.com/bob/.gnupg', '/home/ldap/.ssh']);
});

test('masks look no deeper into a home that passwd knows', t => {
  t.deepEqual(masks(t, ['/etc/passwd', '/home/ann/project/.ssh/']), []);
});

test('masks hold logins at other services', t => {
  const secret = [
    '/root/.aws',
    '/root/.cargo/credentials.toml',
    '/root/.docker/config.json',
    '/root/.netrc',
    '/root/.npmrc',
  ];
  t.deepEqual(masks(t, [...secret, '/root/.bashrc', '/root/.cargo/config.toml', '/root/.docker/contexts/']), secret);
});

test('masks name a folder alone, not what is in it', t => {
  const source = {
    roots: ['/var/lib/docker/tnet', '/root/.ssh/x'],
    files: machine(t, ['/var/lib/docker/volumes/', '/root/.ssh/']),
  };
  t.deepEqual(resolveImage('host', source).masks, ['/root/.ssh', '/var/lib/docker']);
});

test('masks follow the machine as it is at each start', t => {
  const names: string[] = [];
  const files: HostFiles = {list: dir => (dir === '/etc' ? names : []), read: () => '', exists: () => false};
  const source = {roots: [], files};
  t.deepEqual(resolveImage('host', source).masks, []);
  names.push('shadow');
  t.deepEqual(resolveImage('host', source).masks, ['/etc/shadow']);
});

test('notes name file systems that the overlay shows as empty folders', t => {
  const mountinfo = `\
22 27 0:21 / /proc rw - proc proc rw
27 1 254:0 / / rw - ext4 /dev/vda rw
30 27 254:1 / /usr rw - ext4 /dev/vdb rw
31 27 254:2 / /home rw - ext4 /dev/vdc rw
32 27 0:24 / /run rw - tmpfs tmpfs rw
`;
  const files: HostFiles = {
    list: () => [],
    read: path => (path === '/proc/self/mountinfo' ? mountinfo : ''),
    exists: () => false,
  };
  t.deepEqual(resolveImage('host', {roots, files}).notes, [
    '"/home" is a file system of its own on this machine, and empty in image "host"',
    '"/usr" is a file system of its own on this machine, and empty in image "host"',
  ]);
});
