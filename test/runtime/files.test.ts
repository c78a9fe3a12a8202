import test from 'ava';
import {hostnameFile, hostResolvConfPath, hostsFile, resolvConfFile} from '../../src/runtime/files.ts';

const loopback = `\
127.0.0.1	localhost
::1	localhost ip6-localhost ip6-loopback
fe00::	ip6-localnet
ff00::	ip6-mcastprefix
ff02::1	ip6-allnodes
ff02::2	ip6-allrouters
`;

test('hostsFile() is loopback alone without an address', t => {
  t.is(hostsFile({hostname: 'c1', addresses: []}), loopback);
});

test('hostsFile() names the container at its address', t => {
  t.is(hostsFile({hostname: 'c1', addresses: ['172.17.0.2']}), `${loopback}172.17.0.2\tc1\n`);
});

test('hostnameFile() is one line', t => {
  t.is(hostnameFile('c1'), 'c1\n');
});

const google = 'nameserver 8.8.8.8\nnameserver 8.8.4.4\n';
const rows: readonly (readonly [string, string, string])[] = [
  [
    'keeps what a container can reach, in order',
    'nameserver 10.0.0.2\nnameserver 1.1.1.1\n',
    'nameserver 10.0.0.2\nnameserver 1.1.1.1\n',
  ],
  [
    'keeps search, options and comments',
    '# mine\nsearch example.com\noptions ndots:2\nnameserver 10.0.0.2',
    '# mine\nsearch example.com\noptions ndots:2\nnameserver 10.0.0.2\n',
  ],
  ['drops loopback servers', 'nameserver 127.0.0.53\nnameserver ::1\nnameserver 10.0.0.2\n', 'nameserver 10.0.0.2\n'],
  [
    'drops IPv6 servers',
    'nameserver 10.0.0.2\nnameserver 2001:db8::1\nnameserver fe80::1%eth0\n',
    'nameserver 10.0.0.2\n',
  ],
  ['takes the public servers when none is left', 'search lan\nnameserver 127.0.0.1\n', `search lan\n${google}`],
  ['takes the public servers for an empty file', '', google],
  ['does not mistake a comment for a server', '# nameserver 10.0.0.2\n', `# nameserver 10.0.0.2\n${google}`],
  ['reads tabs and leading blanks', ' nameserver\t127.0.0.1\n\tnameserver\t10.0.0.2\n', '\tnameserver\t10.0.0.2\n'],
];

for (const [what, host, want] of rows)
  test(`resolvConfFile() ${what}`, t => {
    t.is(resolvConfFile(host), want);
  });

test('hostResolvConfPath() looks behind the stub of systemd-resolved', t => {
  t.is(hostResolvConfPath('# stub\nnameserver 127.0.0.53\noptions edns0\n'), '/run/systemd/resolve/resolv.conf');
});

test('hostResolvConfPath() stays with a file that names other servers', t => {
  for (const text of ['', 'nameserver 127.0.0.1\n', 'nameserver 127.0.0.53\nnameserver 10.0.0.2\n'])
    t.is(hostResolvConfPath(text), '/etc/resolv.conf');
});
