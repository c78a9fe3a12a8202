import {mkdirSync, mkdtempSync, statSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {base, inside, kernelTest, type LayeredSpec, makeSpec, plainSettings, run} from './container-under-test.ts';

const passwd = `root:x:0:0:root:/root:/bin/sh
# not a line
empty::::::
torn:x:
nouid:x::5:::
nogid:x:6::::
plus:x:+0:0:::
minus:x:-1:0:::
hex:x:0x10:0:::
huge:x:4294967296:0:::
past:x:2147483648:0:::
:x:7:7:::
ann:x:1234:50:Ann:/home/ann:/bin/sh
ann:x:0:0:second:/:/bin/sh
homeless:x:1235:50::
`;
const group = `root:x:0:
staff:x:50:
video:x:44:ann,homeless
audio:x:29:homeless,ann
empty:x::ann
torn:x
minus:x:-3:ann
`;

/** A container with these accounts. */
function withAccounts(
  user: string,
  change: Partial<LayeredSpec> & {readonly groups?: readonly string[]} = {},
): Partial<LayeredSpec> {
  const dir = mkdtempSync(join(base, 'etc-'));
  writeFileSync(join(dir, 'passwd'), passwd);
  writeFileSync(join(dir, 'group'), group);
  const binds = ['passwd', 'group'].map(name => ({source: join(dir, name), target: `/etc/${name}`, readonly: true}));
  const {groups = [], ...rest} = change;
  return {binds, settings: {...plainSettings, user, groups}, env: ['PATH=/usr/bin:/bin'], ...rest};
}

/** `uid gid groups home` */
const who = (t: ExecutionContext, user: string, groups: readonly string[] = []): Promise<string> =>
  inside(t, 'echo "$(id -u) $(id -g) $(id -G) $HOME"', withAccounts(user, {groups}));

for (const [user, want] of [
  ['', '0 0 0 /root'],
  ['0', '0 0 0 /root'],
  ['ann', '1234 50 50 29 44 /home/ann'],
  ['1234', '1234 50 50 29 44 /home/ann'],
  ['ann:', '1234 50 50 29 44 /home/ann'],
  ['ann:video', '1234 44 44 /home/ann'],
  ['ann:7', '1234 7 7 /home/ann'],
  [':staff', '0 50 50 /root'],
  ['homeless', '1235 50 50 29 44 /'],
  ['77', '77 0 0 /'],
  ['77:88', '77 88 88 /'],
  ['2147483647', '2147483647 0 0 /'],
] as const) {
  kernelTest(`user "${user}" is ${want}`, async t => {
    t.is(await who(t, user), `${want}\n`);
  });
}

kernelTest('groups besides are names and numbers', async t => {
  t.is(await who(t, '77:88', ['video', '99', '88']), '77 88 88 44 99 /\n');
});

for (const [user, groups, message] of [
  ['nobody-here', [], 'unable to find user nobody-here: no matching entries in passwd file'],
  ['ann:nope', [], 'unable to find group nope: no matching entries in group file'],
  ['ann', ['nope'], 'unable to find group nope: no matching entries in group file'],
  ['2147483648', [], 'user "2147483648": uids and gids must be in range 0-2147483647'],
  ['99999999999999999999', [], 'user "99999999999999999999": uids and gids must be in range 0-2147483647'],
  ['0:4294967296', [], 'group "4294967296": uids and gids must be in range 0-2147483647'],
  ['-1', [], 'unable to find user -1: no matching entries in passwd file'],
  ['+0', [], 'unable to find user +0: no matching entries in passwd file'],
  ['0x10', [], 'unable to find user 0x10: no matching entries in passwd file'],
] as const) {
  kernelTest(`user "${user}" ${groups.join()} is refused`, async t => {
    await t.throwsAsync(run(makeSpec(withAccounts(user, {groups}))), {code: 'ERR_LAUNCH', message});
  });
}

kernelTest('a malformed line is no account: never root by an empty, torn or signed number', async t => {
  for (const user of ['empty', 'torn', 'nouid', 'nogid', 'plus', 'minus', 'hex', 'huge', 'past'])
    await t.throwsAsync(run(makeSpec(withAccounts(user))), {message: /^unable to find user/}, user);
  t.is(await who(t, '5'), '5 0 0 /\n');
  t.is(await who(t, '6'), '6 0 0 /\n');
  t.is(await who(t, '7'), '7 0 0 /\n');
});

kernelTest('the accounts are those inside, even behind a link that leads out', async t => {
  const spec = makeSpec({shell: 'id -u', ...withAccounts('1234', {binds: []})});
  mkdirSync(join(spec.rootfs.upper, 'etc'));
  symlinkSync('../../../../../../etc/elsewhere', join(spec.rootfs.upper, 'etc/passwd'));
  writeFileSync(join(spec.rootfs.upper, 'etc/elsewhere'), 'eve:x:4321:4321::/:/bin/sh\n');
  const eve = {...spec, settings: {...spec.settings, user: 'eve'}};
  t.is((await run(eve)).stdout, '4321\n');
});

kernelTest('accounts that would make us wait, or never end, are refused', async t => {
  for (const source of ['/dev/zero', '/dev/tty'])
    await t.throwsAsync(
      run(makeSpec({...withAccounts('ann'), binds: [{source, target: '/etc/passwd', readonly: true}]})),
      {code: 'ERR_LAUNCH', message: /^error becoming user "ann": openat2 "\/etc\/passwd": /},
    );
  const large = join(mkdtempSync(join(base, 'etc-')), 'passwd');
  writeFileSync(large, 'a'.repeat(5 * 1024 * 1024));
  await t.throwsAsync(
    run(makeSpec({...withAccounts('ann'), binds: [{source: large, target: '/etc/passwd', readonly: true}]})),
    {
      message: 'error becoming user "ann": read "/etc/passwd": file too large',
    },
  );
});

kernelTest('HOME that was given stays', async t => {
  const change = withAccounts('ann', {env: ['PATH=/usr/bin:/bin', 'HOME=/elsewhere']});
  t.is(await inside(t, 'echo $HOME', change), '/elsewhere\n');
});

kernelTest('who is not root has no capabilities, only the bounds of them', async t => {
  const status = await inside(t, 'cat /proc/self/status', withAccounts('ann'));
  const field = (name: string) => new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(status)?.[1];
  for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb']) t.is(field(set), '0000000000000000', set);
  t.is(field('CapBnd'), '00000000a80425fb');
});

kernelTest('who is not root can open /dev/stdout and /dev/stderr anew', async t => {
  const result = await run(makeSpec({shell: 'echo out > /dev/stdout; echo err > /dev/stderr', ...withAccounts('ann')}));
  t.deepEqual([result.exit?.exitCode, result.stdout, result.stderr], [0, 'out\n', 'err\n']);
});

kernelTest('standard input that is /dev/null keeps its owner', async t => {
  const before = statSync('/dev/null');
  await inside(t, 'true', withAccounts('ann'));
  t.deepEqual([statSync('/dev/null').uid, statSync('/dev/null').gid], [before.uid, before.gid]);
});

const setuidProgram =
  'cp /usr/bin/id /tmp/id && chmod 4755 /tmp/id && exec setpriv --reuid 1234 --clear-groups /tmp/id -u';

kernelTest('no-new-privileges keeps a setuid program from becoming root', async t => {
  const change = (noNewPrivileges: boolean) => ({...withAccounts(''), confinement: {noNewPrivileges, seccomp: null}});
  t.is(await inside(t, setuidProgram, change(false)), '0\n');
  t.is(await inside(t, setuidProgram, change(true)), '1234\n');
  t.regex(await inside(t, 'cat /proc/self/status', change(true)), /NoNewPrivs:\s+1\n/);
});
