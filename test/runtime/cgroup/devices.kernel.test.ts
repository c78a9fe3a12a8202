import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {noLimits} from '../../../src/model/limits.ts';
import {type CgroupHost, createCgroup, guardDevices, removeCgroup} from '../../../src/runtime/cgroup/cgroup.ts';
import {cannotGuard, deviceAccess} from '../../fixture/device-guard.ts';
import {existing, host, kernelTest, noCgroups, type Obstacle, parent, runInside} from './cgroup-under-test.ts';

/** The same machine as one whose devices are kept by a program, which a hybrid one can do as well. */
const byProgram: CgroupHost = {
  ...host,
  controllers: new Map([...host.controllers].filter(([name]) => name !== 'devices')),
};

const noProgram: Obstacle =
  noCgroups || (host.unified === null ? 'needs a unified hierarchy' : await cannotGuard(byProgram));
const noController: Obstacle =
  noCgroups || (host.controllers.has('devices') ? await cannotGuard(host) : "needs v1's devices");

const folder = mkdtempSync(join(tmpdir(), 'tnet-devices-'));
test.after.always(() => rmSync(folder, {recursive: true}));

/** /dev/kmsg (1:11) is one that no container has, and that works on every machine. */
const script = (name: string): string => {
  const node = join(folder, name);
  return `mknod ${node} c 1 11 && echo made; perl -e 'for my $how ("<", ">", "+<") {
    print open(my $file, $how, "${node}") ? "yes" : $! + 0, " " }'; echo ok 2>&1 > /dev/null && head -c 1 /dev/zero | wc -c`;
};

async function answers(t: ExecutionContext, where: CgroupHost, rules: readonly string[]): Promise<string> {
  const path = `${parent}/i/devices`;
  createCgroup(where, path, noLimits);
  t.is(guardDevices(where, path, deviceAccess(...rules)), 'cgroup');
  const {output} = await runInside(
    path,
    script(`node-${rules.join('-').replaceAll(/\W/g, '')}-${where === host}`),
    where,
  );
  const text = await output;
  await removeCgroup(where, path);
  t.deepEqual(existing(parent, where), []);
  return text;
}

const EPERM = 1;
for (const [name, where, obstacle] of [
  ["v1's devices", host, noController],
  ['a program', byProgram, noProgram],
] as const) {
  kernelTest(obstacle, `guardDevices() refuses to open what is not granted, and lets it be made (${name})`, async t => {
    t.is(await answers(t, where, []), `made\n${EPERM} ${EPERM} ${EPERM} 1\n`);
  });

  kernelTest(obstacle, `guardDevices() grants reading alone (${name})`, async t => {
    t.is(await answers(t, where, ['c 1:11 r']), `made\nyes ${EPERM} ${EPERM} 1\n`);
  });

  kernelTest(obstacle, `guardDevices() grants both by two rules, for every minor (${name})`, async t => {
    t.is(await answers(t, where, ['c 1:* r', 'c 1:* w']), 'made\nyes yes yes 1\n');
  });

  kernelTest(obstacle, `guardDevices() with everything granted (${name})`, async t => {
    t.is(await answers(t, where, ['a *:* rwm']), 'made\nyes yes yes 1\n');
  });
}

kernelTest(noCgroups, 'guardDevices() without any hierarchy: nodev has to do, and a rule is refused', t => {
  const nowhere: CgroupHost = {mode: 'none', controllers: new Map(), unified: null};
  t.is(guardDevices(nowhere, 'x', {granted: [], required: []}), 'nodev');
  t.throws(() => guardDevices(nowhere, 'x', deviceAccess('c 42:* rwm')), {
    code: 'ERR_UNSUPPORTED',
    message: /^Cannot apply device rule "c 42:\* rwm": there is no cgroup to keep it; leave out --device-cgroup-rule/,
  });
});
