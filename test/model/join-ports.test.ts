import test from 'ava';
import {joinPorts} from '../../src/model/join-ports.ts';
import {type PortMapping, parsePortMapping} from '../../src/model/port-mapping.ts';

const from = (text: string, count: number, step = 1): PortMapping[] => {
  const first = parsePortMapping(text);
  return Array.from({length: count}, (_, i) => ({
    ...first,
    hostPort: first.hostPort + i,
    containerPort: first.containerPort + i * step,
  }));
};

test('joinPorts() makes the range again that a client took apart, in whatever order it comes', t => {
  const shuffled = from('20000:30000', 5000).sort((a, b) => (a.hostPort % 7) - (b.hostPort % 7));
  t.deepEqual(joinPorts(shuffled), [parsePortMapping('20000-24999:30000-34999')]);
});

test('joinPorts() keeps protocols, addresses and offsets apart', t => {
  const both = [...from('1000:1000', 20), ...from('1000:1000/udp', 20), ...from('127.0.0.1:1000:2000', 20)];
  t.deepEqual(joinPorts(both), [
    parsePortMapping('1000-1019:1000-1019'),
    parsePortMapping('1000-1019:1000-1019/udp'),
    parsePortMapping('127.0.0.1:1000-1019:2000-2019'),
  ]);
});

test('joinPorts() leaves short runs, steps of two, and ports that are still to be chosen as they are', t => {
  for (const ports of [
    from('80:80', 15),
    from('1000:1000', 20, 2),
    Array.from({length: 20}, (_, i) => parsePortMapping(`${1000 + i}`)),
    [parsePortMapping('8000-8010:80'), parsePortMapping('8000-8003:8000-8003')],
  ])
    t.deepEqual(joinPorts(ports), ports);
});

test('joinPorts() does not hide a port that is asked for twice', t => {
  const twice = [...from('1000:1000', 16), parsePortMapping('1003:1003')];
  t.is(
    joinPorts(twice).reduce((sum, {count}) => sum + count, 0),
    17,
  );
});
