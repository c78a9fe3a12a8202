import test from 'ava';
import {diff, formatOp, toWorld} from '../../../src/kernel/diff.ts';
import {parseBandwidth, unlimited} from '../../../src/model/bandwidth.ts';
import {ifbName, planBandwidth} from '../../../src/network/drivers/bandwidth.ts';

const host = 'vethd3adb33';
const plan = (options: Readonly<Record<string, string>>) => planBandwidth(host, parseBandwidth(options), 0x746e_0001);
const both = plan({'tnet.ingress-rate': '10mbit', 'tnet.egress-rate': '20mbit'});
const change = (from: typeof both, to: typeof both) => diff(toWorld(from), toWorld(to)).map(formatOp);

test('planBandwidth() wants nothing without limits', t => {
  t.deepEqual(planBandwidth(host, unlimited, 1), []);
});

test('planBandwidth() limits ingress by a bucket on the host end alone', t => {
  t.deepEqual(plan({'tnet.ingress-rate': '8mbit', 'tnet.ingress-burst': '20kb'}), [
    {ns: '', kind: 'qdisc', type: 'tbf', link: host, rateBitsPerS: 8e6, burstBytes: 20_480, limitBytes: 70_480},
  ]);
});

test('planBandwidth() makes what a redirection leads to before the redirection', t => {
  t.deepEqual(change([], both), [
    'add link "ifbd3adb33" type ifb',
    'add qdisc tbf dev vethd3adb33 rate 10mbit',
    'add qdisc tbf dev ifbd3adb33 rate 20mbit',
    'add qdisc ingress dev vethd3adb33',
    'add filter dev vethd3adb33 redirect to ifbd3adb33',
  ]);
});

test('planBandwidth() ends a redirection before what it leads to', t => {
  t.deepEqual(change(both, []), [
    'del qdisc tbf dev vethd3adb33 rate 10mbit',
    'del qdisc ingress dev vethd3adb33',
    'del link "ifbd3adb33" type ifb',
  ]);
});

test('planBandwidth() changes a rate in place', t => {
  const faster = plan({'tnet.ingress-rate': '10mbit', 'tnet.egress-rate': '30mbit'});
  t.deepEqual(change(both, faster), ['set qdisc tbf dev ifbd3adb33 rate 30mbit']);
  t.deepEqual(change(both, both), []);
});

test('ifbName() fits into a link name', t => {
  t.is(ifbName('veth1234567'), 'ifb1234567');
  t.is(ifbName('fifteen-letters').length, 15);
});
