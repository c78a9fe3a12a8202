import {mkdirSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {belongings, makeHost, makeNeighbour, run} from './fixture/host.ts';
import {makeTnet} from './fixture/tnet.ts';

makeHost();
makeNeighbour();
const idle = belongings();

test.serial('every --dry-run says what would be done, and does nothing', async t => {
  const tnet = makeTnet();
  await tnet.ok('network', 'create', 'lan');
  await tnet.ok('network', 'create', 'idle');
  await tnet.ok('run', '-d', '--name', 'web', '--network', 'lan', '-p', '8080:80', 'host', 'sleep', '600');
  const look = async (): Promise<string> =>
    [
      run('ip -o link | cut -d: -f2; nft -s list ruleset; ls /run'),
      await tnet.ok('ps', '-aq'),
      await tnet.ok('network', 'ls', '-q'),
    ].join();
  const before = await look();
  const rows: readonly (readonly [readonly string[], RegExp])[] = [
    [['network', 'create', '--dry-run', 'blue'], /add link "br-/],
    [['network', 'prune', '--dry-run'], /del link "br-/],
    [['network', 'connect', '--dry-run', 'bridge', 'web'], /add link "docker0"/],
    [['network', 'disconnect', '--dry-run', 'lan', 'web'], /del link "veth/],
    [['port', 'add', '--dry-run', 'web', '9000:90'], /add element published4-any \{ tcp \. 9000/],
    [['port', 'rm', '--dry-run', 'web', '8080:80'], /del element/],
    [['network', 'limit', '--dry-run', 'lan', 'web', '--egress-rate', '5mbit'], /add link "ifb\S+ type ifb/],
    [['network', 'rm', '--dry-run', 'idle'], /del link "br-/],
    [['stop', '--dry-run', 'web'], /del element published4-any[\s\S]*del link "veth[\s\S]*del netns/],
    [['rm', '--dry-run', '-f', 'web'], /del link "veth[\s\S]*del netns/],
    [['start', '--dry-run', 'web'], /^nothing to do$/],
    [['run', '--dry-run', '-p', '8081:80', 'host', 'true'], /add netns/],
    [['doctor', '--fix', '--dry-run'], /^nothing to do$/],
  ];
  for (const [args, said] of rows) {
    t.regex(await tnet.ok(...args), said, args.join(' '));
    t.is(await look(), before, args.join(' '));
  }
  const operations = JSON.parse(await tnet.ok('network', 'create', '--dry-run', '--json', 'blue')) as {do: string}[];
  t.is(operations[0]!.do, 'add');
  for (const [args, code, message] of [
    [['network', 'rm', '--dry-run', 'lan'], 1, /active endpoints/],
    [['network', 'create', '--dry-run', 'lan'], 1, /already exists/],
    [['run', '--dry-run', '-p', '8080:80', 'host', 'true'], 125, /already allocated/],
    [['run', '--dry-run', '--network', 'nosuch', 'host', 'true'], 125, /nosuch not found/],
  ] as const) {
    const {code: exit, stderr} = await tnet.run(args);
    t.is(exit, code);
    t.regex(stderr, message);
    t.is(await look(), before, args.join(' '));
  }
  await tnet.ok('rm', '-f', 'web');
  await tnet.ok('network', 'rm', 'lan', 'idle');
  await tnet.end();
  t.deepEqual(belongings(), idle);
});

test.serial('tnet doctor: 0 when healthy, 1 with a finding, 2 when no daemon can be started', async t => {
  const tnet = makeTnet();
  await tnet.ok('network', 'create', 'lan');
  t.is((await tnet.run(['doctor'])).code, 0);
  run("nft 'add table ip mine; add chain ip mine FORWARD {type filter hook forward priority 0; policy drop;}'");
  const {code, stdout} = await tnet.run(['doctor']);
  t.is(code, 1);
  t.regex(stdout, /\[forward-drop\]/);
  t.true(stdout.split('\n').every(line => line.length <= 80));
  t.like(JSON.parse((await tnet.run(['doctor', '--json'])).stdout), {Healthy: false});
  run('nft delete table ip mine');
  t.is((await tnet.run(['doctor', '--fix'])).code, 0);
  await tnet.ok('network', 'rm', 'lan');
  await tnet.end();
  mkdirSync(join(tnet.root, 'tnet.db'), {recursive: true});
  const broken = await tnet.run(['doctor']);
  t.is(broken.code, 2);
  t.regex(broken.stderr, /could not look at everything: Cannot start the daemon: .*tnet\.db/);
  rmSync(join(tnet.root, '..'), {recursive: true});
  t.deepEqual(belongings(), idle);
});
