import test, {type ExecutionContext} from 'ava';
import {detectCgroups} from '../src/runtime/cgroup/cgroup.ts';
import {cannotGuard} from './fixture/device-guard.ts';
import {useTnet} from './fixture/use-tnet.ts';

/** Devices through the commands a user types. /dev/kmsg (1:11) is one that works everywhere and that no container has. */
const obstacle = process.getuid?.() === 0 ? await cannotGuard(detectCgroups()) : 'needs root';
const guardTest = (title: string, body: (t: ExecutionContext) => Promise<void>): void => {
  if (obstacle === '') test.serial(title, body);
  else test.skip(`${title} (${obstacle})`, body);
};
/** SYSLOG is what the device itself wants (kernel.dmesg_restrict). */
const common = ['--network', 'none', '--cap-add', 'SYSLOG'];
const tnet = useTnet();

test.before(async () => {
  await tnet.ok('run', '-d', '--name', 'box', ...common, 'host', 'sleep', '1000');
});

/** For reading, for writing, for both: `yes` or what the kernel says. */
const open = (path: string): string =>
  `perl -e 'for my $how ("<", ">", "+<") { print open(my $file, $how, "${path}") ? "yes" : $!, "\\n" }'`;
const shell = (options: readonly string[], script: string): Promise<string> =>
  tnet.ok('run', '--rm', ...common, ...options, 'host', 'sh', '-c', script);
const refused = 'Operation not permitted';

guardTest('a node can be made of anything, and opened of what every container has', async t => {
  const script = `mknod /k c 1 11 && ${open('/k')}; mknod /z c 1 5 && head -c 1 /z | wc -c`;
  t.is(await shell([], script), [refused, refused, refused, '1'].join('\n'));
  t.is(await tnet.ok('exec', 'box', 'sh', '-c', script), [refused, refused, refused, '1'].join('\n'));
  t.is(await shell(['--cap-drop', 'MKNOD'], 'mknod /k c 1 11 2>/dev/null || echo no'), 'no');
});

guardTest('--device with permissions grants those', async t => {
  t.is(await shell(['--device', '/dev/kmsg:/dev/log:r'], open('/dev/log')), ['yes', refused, refused].join('\n'));
  t.is(await shell(['--device', '/dev/kmsg:w'], open('/dev/kmsg')), [refused, 'yes', refused].join('\n'));
  t.is(await shell(['--device', '/dev/kmsg'], open('/dev/kmsg')), 'yes\nyes\nyes');
  t.is(
    await shell(['--device', '/dev/kmsg:r'], `mknod /k c 1 11 && ${open('/k')}`),
    ['yes', refused, refused].join('\n'),
  );
});

guardTest('--device-cgroup-rule grants what the container makes itself', async t => {
  const make = `mknod /k c 1 11 && ${open('/k')}`;
  t.is(await shell(['--device-cgroup-rule', 'c 1:* r'], make), ['yes', refused, refused].join('\n'));
  t.is(await shell(['--device-cgroup-rule', 'c 1:11 rwm', '--memory', '64m'], make), 'yes\nyes\nyes');
  t.is(await shell(['--device-cgroup-rule', 'b 1:11 rwm'], make), [refused, refused, refused].join('\n'));
});

guardTest('a rule lasts over a restart and an update, and inspect shows it', async t => {
  const options = ['--device-cgroup-rule', 'c 1:11 wr', '--device', '/dev/zero:/dev/z:mr'];
  await tnet.ok('run', '-d', '--name', 'ruled', ...common, ...options, 'host', 'sleep', '1000');
  const format = '{{.HostConfig.DeviceCgroupRules}} {{range .HostConfig.Devices}}{{.CgroupPermissions}}{{end}}';
  t.is(await tnet.ok('inspect', '-f', format, 'ruled'), '[c 1:11 rw] rm');
  await tnet.ok('exec', 'ruled', 'mknod', '/k', 'c', '1', '11');
  const yes = (): Promise<string> => tnet.ok('exec', 'ruled', 'sh', '-c', open('/k'));
  t.is(await yes(), 'yes\nyes\nyes');
  await tnet.ok('update', '--memory', '128m', '--memory-swap', '128m', 'ruled');
  t.is(await yes(), 'yes\nyes\nyes');
  await tnet.ok('restart', '-t', '0', 'ruled');
  t.is(await yes(), 'yes\nyes\nyes');
  await tnet.ok('rm', '-f', 'ruled');
});

test.serial('--privileged may use every device', async t =>
  t.is(await shell(['--privileged'], `mknod /k c 1 11 && ${open('/k')}`), 'yes\nyes\nyes'),
);

for (const [rule, message] of [
  ['c 42 rwm', "invalid device cgroup format 'c 42 rwm'"],
  ['d 1:1 r', "invalid device cgroup format 'd 1:1 r'"],
] as const)
  test.serial(`--device-cgroup-rule '${rule}' is refused, and nothing is left`, async t => {
    const containers = await tnet.ok('ps', '-aq');
    const {code, stderr} = await tnet.run(['run', '--rm', '--device-cgroup-rule', rule, 'host', 'true']);
    t.is(code, 125);
    t.true(stderr.includes(message), stderr);
    t.is(await tnet.ok('ps', '-aq'), containers);
  });
