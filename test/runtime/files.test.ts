import test from 'ava';
import {parseIp} from '../../src/model/ip.ts';
import {
  embeddedResolvConfFile,
  hostnameFile,
  hostResolvConfPath,
  hostsFile,
  nameserversOf,
  ndotsOf,
  type ResolverSettings,
  resolvConfFile,
} from '../../src/runtime/files.ts';

const loopback4 = '127.0.0.1\tlocalhost\n';
const loopback = `${loopback4}\
::1	localhost ip6-localhost ip6-loopback
fe00::	ip6-localnet
ff00::	ip6-mcastprefix
ff02::1	ip6-allnodes
ff02::2	ip6-allrouters
`;

test('hostsFile() is loopback alone without an address', t => {
  t.is(hostsFile({hostname: 'c1', addresses: []}), loopback4);
  t.is(hostsFile({hostname: 'c1', addresses: [], ipv6: true}), loopback);
});

test('hostsFile() names the container at its address', t => {
  t.is(hostsFile({hostname: 'c1', addresses: ['172.17.0.2']}), `${loopback4}172.17.0.2\tc1\n`);
});

test('hostsFile() has IPv6 loopback lines only with IPv6: localhost must not lead to an address that is not there', t => {
  const addresses = ['172.17.0.2', 'fd00::2'];
  t.is(hostsFile({hostname: 'c1', addresses}), `${loopback}172.17.0.2\tc1\nfd00::2\tc1\n`);
  t.is(hostsFile({hostname: 'c1', addresses: addresses.slice(1), ipv6: false}), `${loopback4}fd00::2\tc1\n`);
});

test('hostsFile() puts extra hosts before its own addresses, and the name with the domain first', t => {
  const extraHosts = ['10.0.0.9', 'fd00::9'].map(ip => ({name: 'db', ip: parseIp(ip)}));
  t.is(
    hostsFile({hostname: 'c1', domainname: 'example.com', addresses: ['172.17.0.2'], extraHosts}),
    `${loopback4}10.0.0.9\tdb\nfd00::9\tdb\n172.17.0.2\tc1.example.com c1\n`,
  );
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

const settings = (over: Partial<ResolverSettings>): ResolverSettings => ({
  servers: [],
  search: [],
  options: [],
  ...over,
});
const lan =
  '# lan\nnameserver 10.0.0.2\nnameserver fd00::2\ndomain old\nsearch lan corp\noptions edns0\noptions timeout:1\n';

test('resolvConfFile() keeps IPv6 servers when the container has IPv6, but not ::1', t => {
  const host = 'nameserver fd00::2\nnameserver ::1\n';
  t.is(resolvConfFile(host, {ipv6: true}), 'nameserver fd00::2\n');
  t.is(resolvConfFile(host), google);
});

const replaced: readonly (readonly [string, Partial<ResolverSettings>, string])[] = [
  [
    '--dns',
    {servers: ['127.0.0.1', 'fd00::9']},
    '# lan\ndomain old\nsearch lan corp\noptions edns0\noptions timeout:1\nnameserver 127.0.0.1\nnameserver fd00::9\n',
  ],
  [
    '--dns-search',
    {search: ['a', 'b.c']},
    '# lan\nnameserver 10.0.0.2\noptions edns0\noptions timeout:1\nsearch a b.c\n',
  ],
  ['--dns-search .', {search: ['.']}, '# lan\nnameserver 10.0.0.2\noptions edns0\noptions timeout:1\n'],
  [
    '--dns-option',
    {options: ['ndots:3']},
    '# lan\nnameserver 10.0.0.2\ndomain old\nsearch lan corp\noptions ndots:3\n',
  ],
];
for (const [what, over, want] of replaced)
  test(`resolvConfFile() replaces what ${what} says`, t => {
    t.is(resolvConfFile(lan, {settings: settings(over)}), want);
  });

const embedded: readonly (readonly [string, string, Partial<ResolverSettings>, string])[] = [
  ['the host alone', lan, {}, 'nameserver 127.0.0.11\nsearch lan corp\noptions edns0 timeout:1 ndots:0\n'],
  ['an empty host', '', {}, 'nameserver 127.0.0.11\noptions ndots:0\n'],
  ['a domain of the host', 'domain lan\n', {}, 'nameserver 127.0.0.11\nsearch lan\noptions ndots:0\n'],
  ['ndots of the host', 'options ndots:2', {}, 'nameserver 127.0.0.11\noptions ndots:2\n'],
  [
    'given servers, which it asks itself',
    lan,
    {servers: ['9.9.9.9']},
    'nameserver 127.0.0.11\nsearch lan corp\noptions edns0 timeout:1 ndots:0\n',
  ],
  [
    'given domains and options',
    lan,
    {search: ['a'], options: ['ndots:1']},
    'nameserver 127.0.0.11\nsearch a\noptions ndots:1\n',
  ],
  ['no domains at all', lan, {search: ['.']}, 'nameserver 127.0.0.11\noptions edns0 timeout:1 ndots:0\n'],
];
for (const [what, host, over, want] of embedded)
  test(`embeddedResolvConfFile() of ${what}`, t => {
    t.is(embeddedResolvConfFile(host, settings(over)), want);
  });

test('resolv.conf gets no line that hides in a word', t => {
  for (const over of [{search: ['a\nnameserver 6.6.6.6']}, {options: ['']}, {search: ['a b']}]) {
    t.throws(() => embeddedResolvConfFile('', settings(over)), {instanceOf: SyntaxError});
    t.throws(() => resolvConfFile('', {settings: settings(over)}), {instanceOf: SyntaxError});
  }
});

test('nameserversOf() and ndotsOf() read what is there', t => {
  t.deepEqual(
    nameserversOf(`${lan}nameserver fe80::1%eth0\n#nameserver 1.1.1.1\nnameserver 127.0.0.53\n`),
    ['10.0.0.2', 'fd00::2', '127.0.0.53'].map(parseIp),
  );
  t.is(ndotsOf('options edns0 ndots:1\noptions ndots:3\n'), 3);
  t.is(ndotsOf('options edns0\n# options ndots:4\n'), 0);
  t.is(ndotsOf('options ndots:x'), 0);
});

test('hostResolvConfPath() looks behind the stub of systemd-resolved', t => {
  t.is(hostResolvConfPath('# stub\nnameserver 127.0.0.53\noptions edns0\n'), '/run/systemd/resolve/resolv.conf');
});

test('hostResolvConfPath() stays with a file that names other servers', t => {
  for (const text of ['', 'nameserver 127.0.0.1\n', 'nameserver 127.0.0.53\nnameserver 10.0.0.2\n'])
    t.is(hostResolvConfPath(text), '/etc/resolv.conf');
});
