import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {docker as dockerOn, dockerTest} from './fixture/docker.ts';
import {run} from './fixture/host.ts';
import {useTnet} from './fixture/use-tnet.ts';

/** Identity, settings and system calls of a container, through tnet and through the stock docker command. */
const dir = mkdtempSync(join(tmpdir(), 'tnet-security-'));
const tnet = useTnet({
  closed: () => rmSync(dir, {recursive: true}),
});

test.before(async () => {
  await tnet.ok('ps');
});

const docker = (args: string): string => dockerOn(tnet, args);

/** Makes each call in one container; prints its errno, 0 when it succeeded. */
const perl = (calls: readonly string[]): string =>
  `perl -e '$b = "\\0" x 256; for (${calls.map(call => `[${call}]`).join(', ')}) { ($n, @a) = @$_; print((syscall($n, @a) < 0 ? $! + 0 : 0), " ") }'`;

const [EPERM, ENOSYS] = [1, 38];
/** x86_64 */
const calls: readonly (readonly [name: string, call: string, errno: number])[] = [
  ['keyctl', '250, 0, -3, 0', EPERM],
  ['add_key', '248, "user", "a", "b", 1, -3', EPERM],
  ['request_key', '249, "user", "a", 0, 0', EPERM],
  ['mount', '165, "none", "/mnt", "tmpfs", 0, 0', EPERM],
  ['umount2', '166, "/proc", 2', EPERM],
  ['bpf', '321, 0, $b, 128', EPERM],
  ['unshare(CLONE_NEWUSER)', '272, 0x10000000', EPERM],
  ['setns', '308, 0, 0', EPERM],
  ['clone(CLONE_NEWUSER)', '56, 0x10000011, 0, 0, 0, 0', EPERM],
  ['clone3', '435, $b, 88', ENOSYS],
  ['kexec_load', '246, 0, 0, 0, 0', EPERM],
  ['io_uring_setup', '425, 1, $b', EPERM],
  ['userfaultfd', '323, 0', EPERM],
  ['personality(ADDR_NO_RANDOMIZE)', '135, 0x40000', EPERM],
  ['socket(AF_VSOCK)', '41, 40, 1, 0', EPERM],
  ['a call that nobody knows', '1000', ENOSYS],
  ['a call of the x32 ABI', '0x40000027', ENOSYS],
  ['getpid', '39', 0],
  ['personality(PER_LINUX32)', '135, 8', 0],
  ['personality(PER_LINUX)', '135, 0', 0],
  ['ptrace(PTRACE_TRACEME)', '101, 0, 0, 0, 0', 0],
  ['socket(AF_INET)', '41, 2, 1, 0', 0],
  ['socket(AF_UNIX)', '41, 1, 1, 0', 0],
];
const onX64 = process.arch === 'x64' ? test.serial : test.serial.skip;

onX64('seccomp: what is forbidden fails, what is allowed works (numbers of x86_64)', async t => {
  const script = perl(calls.map(([, call]) => call));
  const errnos = (await tnet.ok('run', '--rm', 'host', 'sh', '-c', script)).trim().split(' ').map(Number);
  for (const [i, [name, , errno]] of calls.entries()) t.is(errnos[i], errno, name);
});

onX64('seccomp=unconfined: the capabilities alone decide', async t => {
  const script = `${perl(['435, $b, 0', '250, 0, -3, 0', '1000'])}; grep Seccomp: /proc/self/status`;
  t.is(
    await tnet.ok('run', '--rm', '--security-opt', 'seccomp=unconfined', 'host', 'sh', '-c', script),
    '22 0 38 Seccomp:\t0',
  );
});

test.serial('seccomp=FILE: the profile that was given, with and without no-new-privileges', async t => {
  const file = join(dir, 'profile.json');
  const syscalls = [{names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 28}];
  writeFileSync(file, JSON.stringify({defaultAction: 'SCMP_ACT_ALLOW', syscalls}));
  for (const more of [[], ['--security-opt', 'no-new-privileges'], ['--user', '1234:5678']]) {
    const options = ['--security-opt', `seccomp=${file}`, ...more];
    const {code, stderr} = await tnet.run(['run', '--rm', ...options, 'host', 'mkdir', '/tmp/x']);
    t.is(code, 1);
    t.regex(stderr, /No space left on device/);
  }
});

test.serial('seccomp: a profile that is none is refused, and nothing is left', async t => {
  const file = join(dir, 'wrong.json');
  writeFileSync(file, '{"defaultAction":"SCMP_ACT_FROB"}');
  const {code, stderr} = await tnet.run(['run', '--rm', '--security-opt', `seccomp=${file}`, 'host', 'true']);
  t.is(code, 125);
  t.regex(stderr, /Decoding seccomp profile failed: defaultAction: SCMP_ACT_FROB is not supported/);
  const missing = await tnet.run(['run', '--rm', '--security-opt', 'seccomp=/nope.json', 'host', 'true']);
  t.regex(missing.stderr, /opening seccomp profile \(\/nope.json\) failed: ENOENT/);
  t.is(await tnet.ok('ps', '-aq'), '');
});

test.serial('a profile under which not even the command can be executed is a clear error', async t => {
  const file = join(dir, 'nothing.json');
  writeFileSync(file, '{"defaultAction":"SCMP_ACT_ERRNO"}');
  const {code, stderr} = await tnet.run(['run', '--rm', '--security-opt', `seccomp=${file}`, 'host', 'true']);
  t.is(code, 125);
  t.regex(stderr, /capset.*operation not permitted|before its command/);
});

const refusals: readonly (readonly [args: readonly string[], message: RegExp])[] = [
  [['--ulimit', 'nope=1'], /invalid ulimit type: nope/],
  [['--ulimit', 'nofile=5:3'], /ulimit soft limit must be less than or equal to hard limit: 5 > 3/],
  [['--ulimit', 'nofile'], /invalid ulimit argument: nofile/],
  [['--sysctl', 'kernel.core_pattern=x'], /sysctl "kernel.core_pattern" is not in a separate kernel namespace/],
  [['--sysctl', 'kernel/core_pattern=x'], /sysctl "kernel.core_pattern" is not in a separate kernel namespace/],
  [
    ['--network', 'host', '--sysctl', 'net.ipv4.ip_forward=1'],
    /sysctl "net.ipv4.ip_forward" not allowed in host network namespace/,
  ],
  // CVE-2022-0811: `a=b+kernel.x=y` was handed to a program that cut it at the plus signs.
  [
    ['--sysctl', 'kernel.shm_rmid_forced=1+kernel.core_pattern=|/bin/evil'],
    /error setting sysctl "kernel.shm_rmid_forced" to "1\+kernel.core_pattern=\|\/bin\/evil": write.*: invalid argument/,
  ],
  [['--sysctl', 'a=b+kernel.core_pattern=|/bin/evil'], /sysctl "a" is not a name/],
  [
    ['--sysctl', 'net.ipv4.ip_forward+kernel.core_pattern=x'],
    /sysctl "net.ipv4.ip_forward\+kernel.core_pattern" is not a name/,
  ],
  [['--sysctl', 'net...kernel.core_pattern=x'], /sysctl "net...kernel.core_pattern" is not a name/],
  [['--oom-score-adj', '1001'], /Invalid value 1001, range for oom score adj is \[-1000, 1000\]/],
  [
    ['--device', '/dev/nope'],
    /error gathering device information while adding custom device "\/dev\/nope": no such file or directory/,
  ],
  [
    ['--device', '/etc/passwd'],
    /error gathering device information while adding custom device "\/etc\/passwd": not a device node/,
  ],
  [['--device', '/dev/zero:/dev/z:x'], /invalid mode: x/],
  [['--security-opt', 'frob=1'], /invalid --security-opt 2: "frob=1"/],
  [['--security-opt', 'apparmor=mine'], /--security-opt "apparmor=mine" is not supported/],
  [['--user', 'nobody-here'], /unable to find user nobody-here: no matching entries in passwd file/],
];

/** A setting of the whole machine that makes root of whoever may write it. */
const corePattern = (): string => readFileSync('/proc/sys/kernel/core_pattern', 'utf8');

for (const [args, message] of refusals) {
  test.serial(`tnet run ${args.join(' ')} is refused, and nothing is left`, async t => {
    const hostSettings = corePattern();
    const {code, stderr} = await tnet.run(['run', '--rm', ...args, 'host', 'true']);
    t.not(code, 0);
    t.regex(stderr, message);
    t.is(await tnet.ok('ps', '-aq'), '');
    t.is(corePattern(), hostSettings);
  });
}

test.serial('CVE-2019-16884: nothing is mounted over /proc, by no kind of mount and by no link', async t => {
  const refused = /"\/proc[^"]*" is inside \/proc/;
  for (const options of [
    ['-v', `${dir}:/proc`],
    ['-v', 'fake:/proc/self/attr'],
    ['-v', '/srv/../proc/self'],
    ['--tmpfs', '/proc'],
    ['--mount', `type=bind,src=${dir},dst=/proc/self`],
  ]) {
    const {code, stderr} = await tnet.run(['run', '--rm', '--network', 'none', ...options, 'host', 'true']);
    t.is(code, 125);
    t.regex(stderr, refused);
  }
  t.is(await tnet.ok('volume', 'ls', '-q'), '');
  const root = join(dir, 'root');
  run(`mkdir -p ${root}/proc && ln -s proc ${root}/way`);
  const linked = ['run', '--rm', '--network', 'none', '-v', `${dir}:/way`, '--rootfs', root, 'true'];
  t.regex((await tnet.run(linked)).stderr, /error mounting to rootfs at "\/way": .*operation not permitted/);
});

test.serial('CVE-2022-0811: a sysctl of the machine is refused in the API too, whose clients check nothing', t => {
  const before = corePattern();
  for (const name of [
    'kernel.core_pattern',
    'kernel/core_pattern',
    'a=b+kernel.core_pattern',
    'net.x+kernel.core_pattern',
  ]) {
    const body = JSON.stringify({Image: 'host', Cmd: ['true'], HostConfig: {Sysctls: {[name]: '|/bin/evil'}}});
    const answer = run(
      `curl -s -w '%{http_code}' --unix-socket ${tnet.socket} -H 'content-type: application/json' -d '${body}' http://tnet/containers/create`,
    );
    t.regex(answer, /sysctl \\"[^"]+\\" is not.*\s400$/s, name);
  }
  t.is(corePattern(), before);
});

test.serial('tnet run: who, and with what', async t => {
  const flags = [
    '--user',
    'daemon',
    '--group-add',
    'video',
    '--ulimit',
    'nofile=100:200',
    '--shm-size',
    '1m',
    '--init',
  ];
  const more = [
    '--sysctl',
    'net.ipv4.ip_forward=1',
    '--oom-score-adj',
    '55',
    '--domainname',
    'lan',
    '--device',
    '/dev/zero:/dev/z',
  ];
  const script = `id -un; id -Gn; ulimit -n; df -k --output=size /dev/shm | tail -1; cat /proc/1/comm
    cat /proc/sys/net/ipv4/ip_forward /proc/self/oom_score_adj /proc/sys/kernel/domainname; stat -c %t:%T /dev/z; echo $HOME`;
  t.deepEqual((await tnet.ok('run', '--rm', ...flags, ...more, 'host', 'sh', '-c', script)).split('\n'), [
    'daemon',
    'daemon video',
    '100',
    '     1024',
    'docker-init',
    '1',
    '55',
    'lan',
    '1:5',
    '/usr/sbin',
  ]);
});

test.serial('any user may bind low ports and ping, as in Docker', async t => {
  const script = 'cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/net/ipv4/ping_group_range';
  for (const network of ['bridge', 'none'])
    t.is(await tnet.ok('run', '--rm', '--network', network, 'host', 'sh', '-c', script), '0\n0\t2147483647');
});

test.serial('a directory of devices comes whole', async t => {
  const script = 'ls /dev/these | grep -cx -e zero -e full -e null';
  t.is(await tnet.ok('run', '--rm', '--device', '/dev:/dev/these', 'host', 'sh', '-c', script), '3');
});

test.serial('tnet run --entrypoint replaces what is run', async t => {
  t.is(await tnet.ok('run', '--rm', '--entrypoint', 'echo', 'host', 'a', 'b'), 'a b');
});

const inspect = (t: ExecutionContext, name: string, format: string, want: string): boolean =>
  t.is(docker(`inspect -f '${format}' ${name}`), want);

dockerTest('docker run with the same flags, and inspect', t => {
  const file = join(dir, 'docker.json');
  writeFileSync(
    file,
    JSON.stringify({
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 28}],
    }),
  );
  t.is(
    docker('run --rm --user daemon --group-add video host id'),
    'uid=1(daemon) gid=1(daemon) groups=1(daemon),44(video)',
  );
  t.is(docker('run --rm --user 12:34 host id'), docker('run --rm -u 12:34 host id'));
  t.is(docker('run --rm --ulimit nofile=100:200 host sh -c "ulimit -n; ulimit -Hn"'), '100\n200');
  t.is(docker('run --rm --sysctl net.ipv4.ip_forward=1 host cat /proc/sys/net/ipv4/ip_forward'), '1');
  t.is(docker('run --rm --init host cat /proc/1/comm'), 'docker-init');
  t.is(docker('run --rm --device /dev/zero:/dev/z host stat -c %t:%T /dev/z'), '1:5');
  t.regex(docker(`run --rm --security-opt seccomp=${file} host mkdir /tmp/x`), /No space left on device\nexit 1$/);
  t.is(
    docker('run --rm --security-opt no-new-privileges:true host grep NoNewPrivs /proc/self/status'),
    'NoNewPrivs:\t1',
  );
  t.is(docker('run --rm --security-opt seccomp=unconfined host grep Seccomp: /proc/self/status'), 'Seccomp:\t0');
  t.regex(
    docker('run --rm --user nope host true'),
    /unable to find user nope: no matching entries in passwd file\.?\n(.*\n)*exit 125$/,
  );
  docker(
    'create --name all --user daemon:video --group-add 7 --ulimit nofile=1:2 --shm-size 1m --oom-score-adj 5 --init --device /dev/zero --sysctl net.ipv4.ip_forward=1 --security-opt no-new-privileges host true',
  );
  inspect(t, 'all', '{{.Config.User}} {{.HostConfig.GroupAdd}} {{.HostConfig.Init}}', 'daemon:video [7] true');
  inspect(t, 'all', '{{range .HostConfig.Ulimits}}{{.Name}} {{.Soft}} {{.Hard}}{{end}}', 'nofile 1 2');
  inspect(
    t,
    'all',
    '{{.HostConfig.ShmSize}} {{.HostConfig.OomScoreAdj}} {{.HostConfig.Sysctls}}',
    '1048576 5 map[net.ipv4.ip_forward:1]',
  );
  inspect(
    t,
    'all',
    '{{.HostConfig.SecurityOpt}} {{range .HostConfig.Devices}}{{.PathInContainer}} {{.CgroupPermissions}}{{end}}',
    '[no-new-privileges] /dev/zero rwm',
  );
});
