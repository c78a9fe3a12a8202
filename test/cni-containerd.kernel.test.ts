import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, rmSync, writeFileSync} from 'node:fs';
import {dirname} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import test from 'ava';
import {makeCni, removeCniNetworks} from './fixture/cni.ts';
import {run} from './fixture/host.ts';
import {makeImage} from './fixture/oci-image.ts';
import {useTnet} from './fixture/use-tnet.ts';

/** `ctr run --cni` against a containerd of the test's own, with tnet-plugin in /opt/cni/bin: Debian's containerd, runc and busybox-static. */
const needed = ['/usr/bin/containerd', '/usr/bin/ctr', '/usr/sbin/runc', '/bin/busybox'];
const missing = needed.filter(path => !existsSync(path));
const check = missing.length === 0 ? test.serial : test.serial.skip;
const why = missing.length === 0 ? '' : ` (skipped: there is no ${missing.join(', ')})`;

const conflist = {
  cniVersion: '1.0.0',
  name: 'ctr',
  plugins: [
    {
      type: 'bridge',
      bridge: 'cni-ctr',
      isGateway: true,
      ipMasq: true,
      ipam: {type: 'host-local', ranges: [[{subnet: '10.77.0.0/24'}]], routes: [{dst: '0.0.0.0/0'}]},
    },
    {type: 'portmap', capabilities: {portMappings: true}},
    {type: 'firewall'},
    {type: 'tuning'},
  ],
};

const tnet = useTnet({
  closing: async () => {
    for (const child of children) if (child.exitCode === null && child.kill()) await once(child, 'exit');
    await removeCniNetworks(tnet);
  },
});
const children: ChildProcess[] = [];

/** What must come within ten seconds. */
async function until(job: () => string | null, what: string): Promise<string> {
  for (let tries = 0; tries < 200; tries++) {
    const found = job();
    if (found !== null) return found;
    await sleep(50);
  }
  throw new Error(`${what} did not come within 10 s`);
}

const orNull = (script: string): string | null => {
  try {
    return run(script);
  } catch {
    return null;
  }
};

check(`ctr run --cni gives a container our network, and takes it back${why}`, async t => {
  const cni = makeCni(tnet);
  run('mount -t tmpfs tmpfs /opt && mkdir -p /opt/cni/bin /etc/cni/net.d && mount -t tmpfs tmpfs /etc/cni/net.d');
  run(`cp -P ${cni.bin}/* /opt/cni/bin/`);
  rmSync(cni.bin, {recursive: true});
  writeFileSync('/etc/cni/net.d/10-ctr.conflist', JSON.stringify(conflist));
  const dir = `${tnet.runRoot}-containerd`;
  run(`mkdir -p ${dir} /run/containerd-state`);
  const config = `version = 2\nroot = "${dir}/root"\nstate = "/run/containerd-state"\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n[grpc]\naddress = "/run/c.sock"\n`;
  writeFileSync(`${dir}/config.toml`, config);
  const env = {...process.env, TNET_ROOT: tnet.root, TNET_RUN_ROOT: tnet.runRoot};
  const start = (command: string, ...args: readonly string[]): ChildProcess => {
    const child = spawn(command, args, {env, stdio: 'ignore'});
    children.push(child);
    return child;
  };
  start('containerd', '-c', `${dir}/config.toml`);
  await until(() => (existsSync('/run/c.sock') ? '' : null), 'containerd');
  const [image, name] = ['docker.io/library/bb:1', 'web'];
  const archive = makeImage(image);
  run(`ctr -a /run/c.sock image import --snapshotter native ${archive}`);
  rmSync(dirname(archive), {recursive: true});
  const options = ['--cni', '--snapshotter', 'native', '--rm'];
  const ctr = start(
    'ctr',
    '-a',
    '/run/c.sock',
    'run',
    ...options,
    image,
    name,
    '/bin/busybox',
    'httpd',
    '-f',
    '-p',
    '80',
  );
  const size = "curl -sf -o /dev/null -w '%{size_download}' --max-time 2 http://10.77.0.2/bin/busybox";
  t.is(await until(() => orNull(size), 'an answer of the container'), `${run('stat -Lc %s /bin/busybox').trim()}`);
  run(`ctr -a /run/c.sock task kill -s KILL ${name}`);
  await once(ctr, 'exit');
  t.is(run('ip -o link show type veth').trim(), '');
  t.is(run('nft list table inet tnet | grep -c "10.77.0.2" || true').trim(), '0');
});
