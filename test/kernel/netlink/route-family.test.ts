import test from 'ava';
import {
  addressFormat,
  decodeAddress,
  delAddress,
  dumpAddresses,
  newAddress,
} from '../../../src/kernel/netlink/address.ts';
import type {NetlinkMessage} from '../../../src/kernel/netlink/message.ts';
import {decodeNeigh, delNeigh, dumpNeighs, neighFormat, newNeigh} from '../../../src/kernel/netlink/neigh.ts';
import {
  decodeRoute,
  delRoute,
  dumpRoutes,
  newRoute,
  replaceRoute,
  routeFormat,
} from '../../../src/kernel/netlink/route.ts';
import {decodeRule, delRule, dumpRules, newRule, ruleFormat} from '../../../src/kernel/netlink/rule.ts';
import type {Ip, Prefix} from '../../../src/model/ip.ts';
import type {Mac} from '../../../src/model/mac.ts';
import {answers, requests} from './captured-route.ts';
import {hexOf, messagesOf, reencode} from './hex.ts';

const ip = (text: string) => text as Ip;
const prefix = (text: string) => text as Prefix;
const docker0 = 2;

/** What we make for a command is what the command sent, but for NLM_F_ACK (4), which the socket adds. */
const same: readonly (readonly [string, NetlinkMessage, string])[] = [
  ['newAddress()', newAddress({index: docker0, address: ip('10.88.0.1'), prefixLength: 16}), requests.addAddress4],
  [
    'newAddress() nodad',
    newAddress({index: docker0, address: ip('fd00:88::1'), prefixLength: 64, noDad: true}),
    requests.addAddress6,
  ],
  ['delAddress()', delAddress({index: docker0, address: ip('10.88.0.1'), prefixLength: 16}), requests.delAddress],
  [
    'newRoute() default',
    newRoute({to: prefix('0.0.0.0/0'), via: ip('10.88.0.254'), oif: docker0}),
    requests.addDefaultRoute,
  ],
  [
    'newRoute() on the link, in a table',
    newRoute({to: prefix('10.99.0.0/16'), oif: docker0, prefsrc: ip('10.88.0.1'), table: 1000}),
    requests.addTableRoute,
  ],
  [
    'newRoute() IPv6',
    newRoute({to: prefix('fd00:99::/64'), via: ip('fd00:88::2'), oif: docker0, metric: 50}),
    requests.addRoute6,
  ],
  [
    'replaceRoute() unreachable',
    replaceRoute({to: prefix('10.97.0.0/16'), type: 'unreachable'}),
    requests.replaceUnreachable,
  ],
  ['delRoute()', delRoute({to: prefix('0.0.0.0/0'), via: ip('10.88.0.254'), oif: docker0}), requests.delRoute],
  [
    'newNeigh()',
    newNeigh({index: docker0, address: ip('10.88.0.2'), mac: '02:42:0a:58:00:02' as Mac}),
    requests.replaceNeigh,
  ],
  ['newRule()', newRule(rule()), requests.addRule],
  ['delRule()', delRule(rule()), requests.delRule],
];
for (const [name, message, hex] of same) {
  test(`${name} makes the bytes of its command`, t => {
    const [sent] = messagesOf(hex);
    t.is(hexOf(message.payload), hexOf(sent!.payload));
    t.deepEqual([message.type, message.flags | 4], [sent!.type, sent!.flags]);
  });
}

test('delNeigh() names the entry; ip(8) also sends NUD_PERMANENT', t => {
  const [sent] = messagesOf(requests.delNeigh);
  const {state, ...rest} = neighFormat.decode(sent!.payload);
  t.is(state, 0x80);
  t.deepEqual(neighFormat.decode(delNeigh({index: docker0, address: ip('10.88.0.2')}).payload), {...rest, state: 0});
});

const formats = [
  ['address', addressFormat, [requests.addAddress4, requests.addAddress6, requests.delAddress, answers.addresses]],
  [
    'route',
    routeFormat,
    [
      requests.addDefaultRoute,
      requests.addTableRoute,
      requests.addRoute6,
      requests.delRoute,
      answers.routes4,
      answers.routes6,
    ],
  ],
  ['neigh', neighFormat, [requests.replaceNeigh, requests.delNeigh]],
  ['rule', ruleFormat, [requests.addRule, requests.delRule]],
] as const;
for (const [name, {encode, decode}, captured] of formats) {
  captured.forEach((hex, i) => {
    test(`${name} format gives captured bytes again, row ${i + 1}`, t => {
      t.is(
        reencode(hex, ({payload}) => encode(decode(payload))),
        hex,
      );
    });
  });
}

test('decodeAddress() reads what ip addr show reads', t => {
  const common = {index: docker0, scope: 0, permanent: true, tentative: false, dadFailed: false, proto: null};
  t.deepEqual(messagesOf(answers.addresses).map(decodeAddress), [
    {...common, address: ip('10.88.0.1'), prefixLength: 16},
    {...common, address: ip('fd00:88::1'), prefixLength: 64},
  ]);
});

test('decodeRoute() reads what ip route show reads', t => {
  const common = {
    via: null,
    oif: docker0,
    prefsrc: null,
    table: 254,
    metric: null,
    protocol: 84,
    scope: 0,
    type: 'unicast',
  } as const;
  t.deepEqual(messagesOf(answers.routes4).map(decodeRoute), [
    {...common, to: prefix('0.0.0.0/0'), via: ip('10.88.0.254')},
    {...common, to: prefix('10.88.0.0/16'), prefsrc: ip('10.88.0.1'), protocol: 2, scope: 253},
    {...common, to: prefix('10.97.0.0/16'), oif: null, type: 'unreachable'},
  ]);
  t.deepEqual(messagesOf(answers.routes6).map(decodeRoute), [
    {...common, to: prefix('fd00:88::/64'), protocol: 2, metric: 256},
    {...common, to: prefix('fd00:99::/64'), via: ip('fd00:88::2'), metric: 50},
  ]);
});

test('decodeNeigh() and decodeRule() read what ip neigh and ip rule show', t => {
  t.deepEqual(decodeNeigh(messagesOf(answers.neighs)[0]!), {
    index: docker0,
    address: ip('10.88.0.2'),
    mac: '02:42:0a:58:00:02' as Mac,
    state: 0x80,
  });
  const {family, ...rest} = rule();
  const none = {to: null, oif: null};
  t.deepEqual(decodeRule(messagesOf(answers.rules)[1]!), {...rest, ...none, family: 2, protocol: 84, action: 1});
  t.is(family, 4);
});

test('dumps put their filter where strict checking looks', t => {
  t.like(addressFormat.decode(dumpAddresses({index: 7, family: 4}).payload), {family: 2, index: 7, attributes: {}});
  t.like(routeFormat.decode(dumpRoutes({table: 1000, protocol: 84}).payload), {
    family: 0,
    protocol: 84,
    attributes: {table: 1000},
  });
  t.like(neighFormat.decode(dumpNeighs({index: 7}).payload), {family: 0, index: 0, attributes: {index: 7}});
  t.like(ruleFormat.decode(dumpRules({family: 6}).payload), {family: 10, attributes: {}});
});

function rule() {
  return {
    family: 4,
    priority: 100,
    table: 1000,
    from: prefix('10.88.0.0/16'),
    iif: 'docker0',
    mark: 1,
    markMask: 0xff,
  } as const;
}
