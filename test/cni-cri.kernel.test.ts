import test from 'ava';
import {type Containerd, containerdLacks, startContainerd} from './fixture/containerd.ts';
import {makeNeighbour, run, runIn} from './fixture/host.ts';
import {useCni} from './fixture/use-cni.ts';

/** Pods as a kubelet makes them: calls of CRI to Debian's containerd, whose CNI plugins are ours. */
const neighbour = makeNeighbour();
const {tnet, cni} = useCni({closing: () => containerd?.end()});
let containerd: Containerd;
const lacks = containerdLacks();
const check = lacks === null ? test.serial : test.serial.skip;
const note = lacks === null ? '' : ` (skipped: ${lacks})`;

const conflist = {
  cniVersion: '1.0.0',
  name: 'pods',
  plugins: [
    {
      type: 'bridge',
      bridge: 'cni-pods',
      isGateway: true,
      ipMasq: true,
      hairpinMode: true,
      ipam: {type: 'host-local', ranges: [[{subnet: '10.78.0.0/24'}]], routes: [{dst: '0.0.0.0/0'}]},
    },
    {type: 'portmap', capabilities: {portMappings: true}},
    {type: 'bandwidth', capabilities: {bandwidth: true}},
  ],
};

test.before(async () => {
  if (lacks !== null) return;
  const env = {...process.env, TNET_ROOT: tnet.root, TNET_RUN_ROOT: tnet.runRoot};
  const pause = ['/bin/busybox', 'httpd', '-f', '-p', '80'];
  containerd = await startContainerd({bin: cni.bin, conflist, env, pause});
});

/** Bytes of the pod's own program, as its server gives them to another machine. */
function download(port: number): string {
  const url = `http://${neighbour.hostAddress}:${port}/bin/busybox`;
  const get = `curl -sf -o /dev/null -w '%{size_download}' --max-time 2 ${url}`;
  return (
    runIn(neighbour.netns, `for i in $(seq 50); do ${get} && break; busybox usleep 50000; done`).match(/\d+$/)?.[0] ??
    ''
  );
}

const left = (port: number): string =>
  run(`ip -o link show master cni-pods; nft list table inet tnet | grep ${port} || true`).trim();

check(`a pod has address and port of ours, until it is stopped${note}`, async t => {
  const {cri, cgroup} = containerd;
  const size = run('stat -Lc %s /bin/busybox').trim();
  const pod = {name: 'web', ports: [{containerPort: 80, hostPort: 8096}], cgroupParent: cgroup};
  const id = await cri.runPod(pod);
  t.teardown(() => cri.removePod(id));
  t.deepEqual(await cri.status(id), {ready: true, ip: '10.78.0.2'});
  t.is(download(8096), size);

  const second = {...pod, name: 'second'};
  await t.throwsAsync(cri.runPod(second), {message: /8096 failed: port is already allocated/});
  t.is(run('ip -o link show master cni-pods | wc -l').trim(), '1');
  const other = await cri.runPod({...second, ports: [{containerPort: 80, hostPort: 8097}]});
  t.is(download(8097), size);
  t.is((await cri.status(other)).ip, '10.78.0.3');
  await cri.stopPod(other);
  await cri.removePod(other);

  process.kill(tnet.daemonPid(), 'SIGKILL');
  await cri.stopPod(id).catch(() => cri.stopPod(id)); // it may have been asked while it died: a kubelet asks again
  t.false((await cri.status(id)).ready);
  t.is(left(8096), '');
  await cri.stopPod(id); // DEL again, without a namespace
  await cri.removePod(id);
  await t.throwsAsync(cri.status(id), {message: /: 5: /});
});
