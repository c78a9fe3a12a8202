import test from 'ava';
import {parseList} from '../../../src/runtime/cgroup/list.ts';
import {parseBlkio, parseFlat, parseIoStat} from '../../../src/runtime/cgroup/parse-usage.ts';

test('parseList() reads the kernel’s lists, and nothing else', t => {
  t.deepEqual(parseList('0'), [0]);
  t.deepEqual(parseList('0-2,5'), [0, 1, 2, 5]);
  for (const bad of ['', ',', '1-', '2-1', 'a', '-1', '0-99999', '1;2']) t.is(parseList(bad), null, bad);
});

test('parseFlat() reads names and numbers', t => {
  t.deepEqual(parseFlat('nr_periods 3\nthrottled_time 1500000\n'), {nr_periods: 3, throttled_time: 1_500_000});
  t.deepEqual(parseFlat(''), {});
});

test('parseBlkio() reads v1’s bytes and leaves out the total of all devices', t => {
  t.deepEqual(parseBlkio('254:0 Read 4096\n254:0 Write 0\n254:0 Total 4096\nTotal 4096\n'), [
    {major: 254, minor: 0, op: 'Read', bytes: 4096},
    {major: 254, minor: 0, op: 'Write', bytes: 0},
    {major: 254, minor: 0, op: 'Total', bytes: 4096},
  ]);
});

test('parseIoStat() reads v2’s, also of a device without figures', t => {
  t.deepEqual(parseIoStat('8:0 \n254:0 rbytes=4096 wbytes=512 rios=1 wios=1 dbytes=9 dios=0\n'), [
    {major: 254, minor: 0, op: 'read', bytes: 4096},
    {major: 254, minor: 0, op: 'write', bytes: 512},
  ]);
});
