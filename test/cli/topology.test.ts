import {spawnSync} from 'node:child_process';
import test from 'ava';
import type {TopologyAnswer} from '../../src/api/topology.ts';
import {formatDot} from '../../src/cli/topology/dot.ts';
import {buildGraph} from '../../src/cli/topology/graph.ts';
import {formatMermaid} from '../../src/cli/topology/mermaid.ts';
import {formatText} from '../../src/cli/topology/text.ts';
import {buildTree} from '../../src/cli/topology/tree.ts';
import {parseIp, parsePrefix} from '../../src/model/ip.ts';
import {parseMac} from '../../src/model/mac.ts';
import {parsePortMapping} from '../../src/model/port-mapping.ts';

type Attached = TopologyAnswer['attachments'][number];

const network = (id: string, name: string, device: string): TopologyAnswer['networks'][number] => ({
  id: id.repeat(64),
  name,
  driver: name === 'host' || name === 'none' ? name : 'bridge',
  created: '2026-11-24T10:00:00Z',
  subnets:
    device === ''
      ? []
      : [{prefix: parsePrefix(`172.1${id}.0.0/16`), gateway: parseIp(`172.1${id}.0.1`), range: null, reserved: {}}],
  mtu: null,
  internal: name === 'back',
  options: {},
  labels: {},
  device,
  index: Number(id),
});

const attachment = (over: Partial<Attached> & {readonly network: string; readonly owner: string}): Attached => ({
  id: 'e'.repeat(64),
  sandbox: '/run/tnet/netns/a',
  ifname: 'eth0',
  hostIfname: 'veth1',
  mac: parseMac('02:42:ac:11:00:02'),
  leases: [{address: parseIp('172.17.0.2'), prefixLength: 16}],
  ports: [],
  names: [],
  gatewayPriority: 0,
  options: {},
  ...over,
});

const [bridge, back] = ['7'.repeat(64), '8'.repeat(64)];
const [web, side, db] = ['a'.repeat(64), 'b'.repeat(64), 'c'.repeat(64)];

/** web is on both networks, side shares its namespace, top is on the host's, x is another runtime's. */
const answer: TopologyAnswer = {
  networks: [
    network('7', 'bridge', 'docker0'),
    network('8', 'back', 'br8'),
    network('1', 'host', ''),
    network('2', 'none', ''),
  ],
  attachments: [
    attachment({network: bridge, owner: web, ports: ['8080:80', '[::1]:5300-5301:53-54/udp'].map(parsePortMapping)}),
    attachment({
      network: back,
      owner: web,
      ifname: 'eth1',
      hostIfname: 'veth2',
      leases: [
        {address: parseIp('172.18.0.2'), prefixLength: 16},
        {address: parseIp('fd00::2'), prefixLength: 64},
      ],
    }),
    attachment({network: back, owner: db, hostIfname: 'veth3', leases: []}),
    attachment({network: bridge, owner: 'f0e1d2c3b4a5968778', hostIfname: 'veth4'}),
  ],
  containers: [
    {id: web, name: 'web', network: {kind: 'network', network: 'bridge'}},
    {id: side, name: 'side', network: {kind: 'container', container: web.slice(0, 12)}},
    {id: db, name: 'db', network: {kind: 'network', network: 'back'}},
    {id: 'd'.repeat(64), name: 'top', network: {kind: 'host'}},
  ],
};

test('formatText() draws networks, containers, interfaces and ports as a tree', t => {
  t.is(
    formatText(buildTree(answer), {width: 80, unicode: true}),
    `bridge (bridge, docker0)
│  172.17.0.0/16, gateway 172.17.0.1
├─ f0e1d2c3b4a5  f0e1d2c3b4a5
│     eth0  172.17.0.2/16  02:42:ac:11:00:02  veth4
└─ web  aaaaaaaaaaaa
      eth0  172.17.0.2/16  02:42:ac:11:00:02  veth1
      0.0.0.0:8080 → 80/tcp
      [::1]:5300-5301 → 53-54/udp
      shared with side
back (bridge, br8, internal)
│  172.18.0.0/16, gateway 172.18.0.1
├─ db  cccccccccccc
│     eth0  no address  02:42:ac:11:00:02  veth3
└─ web  aaaaaaaaaaaa
      eth1  172.18.0.2/16  02:42:ac:11:00:02  veth2
      eth1  fd00::2/64
      shared with side
host (host)
└─ top  dddddddddddd
none (none)`,
  );
});

test('formatText() draws with ASCII alone, fits a terminal, and cuts nothing in a pipe', t => {
  const [first] = answer.containers;
  const long = {...answer, containers: [{...first!, name: 'n'.repeat(200)}]};
  const ascii = formatText(buildTree(long), {width: 80, unicode: false});
  t.regex(ascii, /^[\x20-\x7e\n]+$/);
  t.true(ascii.split('\n').every(line => line.length <= 80));
  t.true(ascii.includes(`\`- ${'n'.repeat(76)}~`), ascii);
  t.regex(formatText(buildTree(long), {width: null, unicode: false}), /n{200} {2}aaaaaaaaaaaa/);
});

/** Docker allows few signs in names, but other programs attach too, and nothing that prints should rely on it. */
const nasty = 'a"]; end\\N <b>&amp; `x` #35; |\n\x1b[2J %%{init}%%';
const hostile = (): TopologyAnswer => ({
  ...answer,
  networks: answer.networks.map((one, i) => (i === 0 ? {...one, name: nasty, device: nasty} : one)),
  containers: answer.containers.map(one => ({...one, name: `${one.name}${nasty}`})),
});

test('no name can move the cursor or end a line', t => {
  const text = formatText(buildTree(hostile()), {width: null, unicode: false});
  t.is(text.split('\n').length, formatText(buildTree(answer), {width: null, unicode: false}).split('\n').length);
  t.regex(text, /^[\x20-\x7e\n]+$/);
});

test('formatMermaid() draws a container on two networks as one node with two edges', t => {
  const lines = formatMermaid(buildGraph(buildTree(answer))).split('\n');
  t.is(lines[0], 'graph LR');
  t.true(lines.includes('  n0{{"bridge<br/>docker0<br/>172.17.0.0/16 via 172.17.0.1"}}'));
  t.deepEqual(lines.filter(line => line.includes('"web<br/>aaaaaaaaaaaa"')).length, 1);
  const key = /(c\d)\["web/.exec(lines.join('\n'))?.[1];
  t.deepEqual(
    lines.filter(line => line.endsWith(` ${key}`)),
    [
      `  n0 ---|"eth0<br/>172.17.0.2/16<br/>02:42:ac:11:00:02"| ${key}`,
      `  n1 ---|"eth1<br/>172.18.0.2/16<br/>fd00::2/64<br/>02:42:ac:11:00:02"| ${key}`,
      `  p0 --> ${key}`,
      `  p1 --> ${key}`,
    ],
  );
  t.true(lines.includes('  p0(["0.0.0.0:8080-#62;80/tcp"])'));
});

test('formatMermaid() and formatDot() let no name be syntax', t => {
  const graph = buildGraph(buildTree(hostile()));
  const mermaid = formatMermaid(graph).split('\n');
  t.is(mermaid.length, formatMermaid(buildGraph(buildTree(answer))).split('\n').length);
  for (const line of mermaid.slice(1))
    t.regex(line, /^ {2}[ncp]\d+(\{\{"[^"]*"\}\}|\["[^"]*"\]|\(\["[^"]*"\]\)| ---\|"[^"]*"\| c\d+| --> c\d+)$/);
  for (const line of mermaid) t.regex(line.replaceAll('<br/>', ''), /^[^<>`\\&%\p{C}]*$|-->/u);
  const dot = formatDot(graph).split('\n');
  for (const line of dot.slice(2, -1)) {
    const label = /^ {2}[ncp]\d+(?: -- c\d+)?(?: \[(?:shape=\w+, )?label="((?:[^"\\]|\\["\\n])*)"\])?;$/.exec(line);
    t.truthy(label, line);
    t.regex(label?.[1] ?? '', /^[\x20-\x7e]*$/);
  }
});

const hasDot = spawnSync('dot', ['-V']).status === 0;
(hasDot ? test : test.skip)(`graphviz reads it${hasDot ? '' : ' (no dot here)'}`, t => {
  const {status, stderr} = spawnSync('dot', ['-Tsvg'], {
    input: formatDot(buildGraph(buildTree(hostile()))),
    encoding: 'utf8',
  });
  t.is(status, 0, stderr);
});
