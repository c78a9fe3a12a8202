import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import {createInterface} from 'node:readline';
import {text} from 'node:stream/consumers';
import test from 'ava';
import {docker, dockerTest, startDocker} from './fixture/docker.ts';
import {run} from './fixture/host.ts';
import {dockerOnPty, raw} from './fixture/pty.ts';
import {cgroupParent} from './fixture/tnet.ts';
import {useTnet} from './fixture/use-tnet.ts';

/** The stock docker command drives the life of real containers. Its terminals are in terminal.kernel.test.ts, its copies in files.kernel.test.ts. */
const tnet = useTnet();
const none = '--network none';

let cgroup = '';

test.before(async () => {
  await tnet.ok('run', '-d', '--name', 'box', '--network', 'none', 'host', 'sleep', '1000');
  cgroup = await cgroupParent(tnet, 'box');
});

const on = (args: string): string => docker(tnet, args);
const pidOf = (name: string): string => on(`inspect -f '{{.State.Pid}}' ${name}`);

/** Lines of `docker ARGS` until one is `last`, which ends it. */
async function linesUntil(last: string, ...args: readonly string[]): Promise<readonly string[]> {
  const child = startDocker(tnet, ...args);
  const lines: string[] = [];
  for await (const line of createInterface({input: child.stdout!})) {
    lines.push(line);
    if (line === last) child.kill('SIGKILL');
  }
  return lines;
}

dockerTest('docker wait lasts until the end of each, and prints their codes', async t => {
  const script = 'trap "exit 7" TERM; echo ready; while :; do sleep 0.05; done';
  on(`run -d --name late ${none} host sh -c '${script}'`);
  await linesUntil('ready', 'logs', '-f', 'late');
  on(`run --name early ${none} host sh -c 'exit 3'`);
  const waits = startDocker(tnet, 'wait', 'early', 'late');
  const codes: string[] = [];
  const ended = once(waits, 'exit');
  for await (const code of createInterface({input: waits.stdout!})) {
    codes.push(code);
    if (codes.length === 1) t.is(on("inspect -f '{{.State.Running}}' late"), 'true');
    if (codes.length === 1) on('stop late');
  }
  t.deepEqual(
    [codes, await ended],
    [
      ['3', '7'],
      [0, null],
    ],
  );
  t.is(on('wait nosuch'), 'Error response from daemon: No such container: nosuch\nexit 1');
  t.is(on('rm early late'), 'early\nlate');
});

dockerTest('docker logs -f on a terminal: what was and what comes; ctrl-c ends the client alone', async t => {
  on(`run -d --name tick ${none} host sh -c 'echo past; i=0; while :; do echo $((i+=1)) tick; sleep 0.2; done'`);
  const {code, output} = await dockerOnPty(
    tnet,
    ['logs', '-f', 'tick'],
    [{see: 'past'}, {see: '3 tick'}, {see: '6 tick'}, {type: '\x03'}],
  );
  t.not(code, 0, output);
  t.not(code, -1, output);
  t.is(on("inspect -f '{{.State.Running}}' tick"), 'true');
  t.regex(on('logs -t --tail 1 tick'), /^\d{4}-\d\d-\d\dT[\d:.]+Z \d+ tick$/);
  const [, when] = /^(\S+Z) 3 tick$/m.exec(on('logs -t tick'))!;
  t.regex(on(`logs --since ${when} tick`), /^3 tick\n4 tick\n/);
  t.is(on(`logs --until ${when} tick`), 'past\n1 tick\n2 tick\n3 tick');
  const follows = startDocker(tnet, 'logs', '-f', '--tail', '0', 'tick');
  const followed = text(follows.stdout!);
  on('rm -f tick');
  t.regex(await followed, /^(\d+ tick\n)*$/, 'it ends with its container');
});

dockerTest('docker top and stats --no-stream: the processes, and what they use', async t => {
  on("exec -d box sh -c 'exec sleep 777'");
  t.deepEqual(on('top box -eo pid,args').split('\n')[0]?.split(/\s+/), ['PID', 'COMMAND']);
  t.regex(on('top box -eo pid,args'), new RegExp(`^${pidOf('box')} +sleep 1000\n\\d+ +sleep 777$`, 'm'));
  t.regex(on('top box'), /^UID +PID +PPID +C +STIME +TTY +TIME +CMD\nroot /);
  const figures = JSON.parse(on("stats --no-stream --format '{{json .}}' box")) as Record<string, string>;
  t.like(figures, {Name: 'box', PIDs: '2', NetIO: '0B / 0B'});
  t.regex(figures.MemUsage!, /^[\d.]+[KM]iB \/ [\d.]+GiB$/);
  t.regex(
    on('stats --no-stream'),
    /^CONTAINER ID +NAME +CPU % +MEM USAGE \/ LIMIT +MEM % +NET I\/O +BLOCK I\/O +PIDS\n/,
  );
  on('exec box pkill -f "sleep 777"');
  on(`create --name idle ${none} host true`);
  t.regex(on('top idle'), /is not running\nexit 1$/);
  on('rm idle');
});

dockerTest('docker rename: the new name everywhere, the old one nowhere; a taken one is refused', t => {
  const id = on("inspect -f '{{.Id}}' box");
  t.is(on('rename box crate'), '');
  t.is(on("inspect -f '{{.Name}} {{.Id}}' crate"), `/crate ${id}`);
  t.is(on("ps --format '{{.Names}} {{.ID}}'"), `crate ${id.slice(0, 12)}`);
  t.regex(on('inspect box'), /^\[\]\nError: No such object: box\nexit 1$/);
  on(`create --name other ${none} host true`);
  t.regex(on('rename crate other'), /The container name "\/other" is already in use by container "?[0-9a-f]{64}"?/);
  on('rm other');
  t.is(on(`rename ${id.slice(0, 12)} box`), '');
});

dockerTest('docker update changes limits of what runs, and its restart policy', t => {
  t.is(on('update --cpus 0.5 --memory 64m --memory-swap 64m --pids-limit 30 box'), 'box');
  const shown = '{{.HostConfig.NanoCpus}} {{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.PidsLimit}}';
  t.is(on(`inspect -f '${shown}' box`), '500000000 67108864 67108864 30');
  const ofPids = `${cgroup}/${on("inspect -f '{{.Id}}' box")}/pids.max`;
  t.is(run(`cd /sys/fs/cgroup; cat .${ofPids} pids${ofPids} 2>/dev/null; true`), '30\n');
  t.is(on('update --restart on-failure:3 box'), 'box');
  t.is(on("inspect -f '{{json .HostConfig.RestartPolicy}}' box"), '{"Name":"on-failure","MaximumRetryCount":3}');
  t.regex(on('update --memory 1m box'), /Minimum memory limit allowed is 6MB\nexit 1$/);
  t.is(on(`inspect -f '${shown}' box`), '500000000 67108864 67108864 30');
  on('update --restart no --cpus 0 --pids-limit -1 box');
});

dockerTest('docker pause stops every process, and unpause lets them go on', t => {
  t.is(on('pause box'), 'box');
  t.is(on("inspect -f '{{.State.Status}} {{.State.Paused}} {{.State.Running}}' box"), 'paused true true');
  t.regex(on("ps --format '{{.Status}}'"), /^Up .* \(Paused\)$/);
  t.regex(on('exec box true'), /is paused, unpause the container before exec\nexit 1$/);
  t.regex(on('pause box'), /is already paused\nexit 1$/);
  t.is(on('unpause box'), 'box');
  t.is(on('exec box echo on'), 'on');
  t.regex(on('unpause box'), /is not paused\nexit 1$/);
});

dockerTest('docker events, while it happens: each step of a life, by filter and format', async t => {
  const format = '{{.Type}} {{.Action}} {{.Actor.Attributes.name}}';
  const filters = ['--filter', 'type=container', '--filter', 'container=life'];
  const lines = linesUntil('container destroy life', 'events', '--since', '1s', ...filters, '--format', format);
  for (const command of ['start life', 'pause life', 'unpause life', 'rename life life2', 'rename life2 life'])
    on(command.startsWith('start') ? `create --name life ${none} host sleep 100 && docker ${command}` : command);
  on('restart -t 0 life; docker kill life; docker wait life; docker rm life');
  const seen = (await lines).map(line => line.split(' ')[1]);
  const kinds = ['create', 'start', 'pause', 'unpause', 'rename', 'kill', 'die', 'restart', 'destroy'];
  t.deepEqual([...new Set(seen)].sort(), [...kinds, 'stop'].sort());
  t.deepEqual([seen[0], seen[1], seen.at(-1)], ['create', 'start', 'destroy']);
});

dockerTest('docker create, start -ai, restart, stop, kill, ps and rm', async t => {
  const sized = 'until stty size | grep "24 80"; do sleep 0.05; done';
  on(`create -it --name talk ${none} host sh -c '${sized}; read line; echo "got $line"; exit 5'`);
  t.is(on("ps -a --filter status=created --format '{{.Names}}'"), 'talk');
  const steps = [raw, {see: '24 80'}, {type: 'hello\n'}, {see: 'got hello'}];
  const {code, output} = await dockerOnPty(tnet, ['start', '-ai', 'talk'], steps);
  t.is(code, 5, output);
  t.is(on("ps -a --filter exited=5 --format '{{.Names}}'"), 'talk');
  t.is(on('restart -t 0 talk'), 'talk');
  t.regex(on('rm talk'), /cannot remove container "?(\/?talk|[0-9a-f]+)"?: container is running/);
  t.is(on('stop -t 0 talk'), 'talk');
  t.is(on("inspect -f '{{.State.ExitCode}}' talk"), '137');
  t.is(on('start talk'), 'talk');
  t.is(on('kill -s WINCH talk && docker kill talk'), 'talk\ntalk');
  t.is(on('wait talk'), '137');
  t.is(on('rm talk'), 'talk');
});

dockerTest('docker exec -it follows the size of our terminal, and port, diff and inspect say what is', async t => {
  const script = 'trap "stty size" WINCH; stty size; while :; do sleep 0.1; done';
  const steps = [{see: '24 80'}, {size: [41, 133] as const, see: '41 133'}, {type: '\x03'}];
  const {code, output} = await dockerOnPty(tnet, ['exec', '-it', 'box', 'sh', '-c', script], steps);
  t.is(code, 130, output);
  on(
    "run -d --name web -p 127.0.0.1:8080:80 -p 5353:53/udp --label tier=front host sh -c 'echo x > /srv/new; echo written; sleep 100'",
  );
  t.is(on('port web 80/tcp'), '127.0.0.1:8080');
  t.deepEqual(on('port web').split('\n').sort(), ['53/udp -> 0.0.0.0:5353', '80/tcp -> 127.0.0.1:8080']);
  t.regex(on('port web 81'), /No public port '81(\/tcp)?' published for web\nexit 1$/);
  t.is(
    on("container inspect -f '{{.Config.Labels.tier}} {{.Path}} {{.HostConfig.NetworkMode}}' web"),
    'front sh bridge',
  );
  await linesUntil('written', 'logs', '-f', 'web');
  t.is(on('diff web'), 'C /srv\nA /srv/new');
  t.regex(readFileSync(`/proc/${pidOf('web')}/cgroup`, 'utf8'), /\/tnet\//);
  t.is(on('rm -f web'), 'web');
});
