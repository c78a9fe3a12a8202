import test from 'ava';
import {chooseAll, chooseBridge, type Tap, type TappedLink} from '../../../src/kernel/capture/taps.ts';

const link = (index: number, name: string, over: Partial<TappedLink> = {}): TappedLink => ({
  index,
  name,
  kind: null,
  mac: null,
  up: true,
  hardwareType: 1,
  masterIndex: null,
  ...over,
});

const shown = (taps: readonly Tap[]): readonly string[] =>
  taps.map(({link, type, direction}) => `${link.name} ${type} ${direction}`);

test('chooseAll() takes every interface that is up, what loopback receives, and tunnels without Ethernet', t => {
  const links = [
    link(1, 'lo', {hardwareType: 772}),
    link(2, 'tunl0', {hardwareType: 768, up: false}),
    link(3, 'eth0'),
    link(4, 'tun0', {hardwareType: 0xfffe}),
    link(5, 'can0', {hardwareType: 280}),
  ];
  t.deepEqual(shown(chooseAll(links)), ['lo ethernet in', 'eth0 ethernet both', 'tun0 raw both']);
});

test('chooseBridge() takes frames where they enter: what ports receive and what the bridge itself sends', t => {
  const links = [
    link(1, 'docker0', {kind: 'bridge'}),
    link(2, 'veth1', {masterIndex: 1}),
    link(3, 'veth2', {masterIndex: 1, up: false}),
    link(4, 'veth3', {masterIndex: 9}),
    link(5, 'eth0'),
  ];
  t.deepEqual(shown(chooseBridge('docker0')(links)), ['docker0 ethernet out', 'veth1 ethernet in']);
  t.deepEqual(chooseBridge('br9')(links), []);
  t.deepEqual(shown(chooseBridge('eth0')(links)), ['eth0 ethernet both'], 'a device that is no bridge');
});
