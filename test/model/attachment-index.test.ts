import test from 'ava';
import fc from 'fast-check';
import type {Attachment} from '../../src/model/attachment.ts';
import {type AttachmentIndex, indexOf, putAttachment, removeAttachment} from '../../src/model/attachment-index.ts';
import {parseIp, parsePrefix} from '../../src/model/ip.ts';
import type {Mac} from '../../src/model/mac.ts';
import type {Network} from '../../src/model/network.ts';
import type {PortMapping} from '../../src/model/port-mapping.ts';
import {allocate} from '../../src/network/ipam.ts';

const names = ['a', 'b', 'c'];
const ips = Array.from({length: 6}, (_, i) => parseIp(`10.0.0.${i + 2}`));
const macs = ['02:00:00:00:00:01', '02:00:00:00:00:02'] as Mac[];
const hostPorts = [80, 81, 82];

const port = fc.record<PortMapping>({
  proto: fc.constant('tcp'),
  hostIp: fc.constant(null),
  hostPort: fc.constantFrom(...hostPorts),
  containerPort: fc.constant(80),
  count: fc.constantFrom(1, 1, 5),
});
const ids = ['1a', '2a', '3b', '4b', '5c'];
/** Each stays where it is, as ours do: the last letter says where. */
const attachment = fc
  .record({
    id: fc.constantFrom(...ids),
    mac: fc.constantFrom(...macs),
    ip: fc.option(fc.constantFrom(...ips)),
    ports: fc.array(port, {maxLength: 2}),
  })
  .map(({ip, ...rest}): Attachment => {
    const place = rest.id.slice(1);
    return {
      ...rest,
      network: place,
      sandbox: `/netns/${place}`,
      owner: place,
      ifname: 'eth0',
      hostIfname: 'veth',
      leases: ip === null ? [] : [{address: ip, prefixLength: 24}],
      names: [],
      gatewayPriority: 0,
      options: {},
    };
  });
const step = fc.oneof(attachment, fc.constantFrom(...ids));

function told(index: AttachmentIndex) {
  return names.map(name => ({
    inSandbox: index.inSandbox(`/netns/${name}`),
    of: index.of(name),
    on: index.on(name),
    isUsed: index.isUsed(name),
    macs: macs.map(mac => index.hasMac(name, mac)),
    leased: ips.map(ip => index.leased(name).has(ip)),
    near: hostPorts.map(number => [...index.near([number])].map(({id}) => id).sort()),
  }));
}

test('indexOf() says after any changes what one made anew would say', t => {
  fc.assert(
    fc.property(fc.array(step, {maxLength: 30}), steps => {
      const attachments = new Map<string, Attachment>();
      indexOf(attachments);
      for (const each of steps) {
        if (typeof each === 'string') removeAttachment(attachments, each);
        else if (isFree(each, attachments)) putAttachment(attachments, each);
        t.deepEqual(told(indexOf(attachments)), told(indexOf(new Map(attachments))));
      }
    }),
  );
});

/** The store refuses a lease that another one has. */
function isFree({id, network, leases}: Attachment, attachments: ReadonlyMap<string, Attachment>): boolean {
  const others = [...attachments.values()].filter(other => other.id !== id && other.network === network);
  return !others.some(other => other.leases[0] && other.leases[0].address === leases[0]?.address);
}

test('allocate() finds with floors what it finds without', t => {
  const spans = [
    {first: parseIp('10.0.0.4'), last: parseIp('10.0.0.6')},
    {first: parseIp('10.0.0.10'), last: parseIp('10.0.0.20')},
  ];
  const plain = {prefix: parsePrefix('10.0.0.0/24'), gateway: parseIp('10.0.0.1'), range: null, reserved: {}};
  for (const subnet of [plain, {...plain, spans}])
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat({max: 12})), {maxLength: 40}), steps => {
        const attachments = new Map<string, Attachment>();
        const network = {subnets: [subnet]} as unknown as Network;
        const leased = indexOf(attachments).leased('a');
        for (const [i, back] of steps.entries()) {
          const gone = back === null ? undefined : [...attachments.keys()][back];
          if (gone !== undefined) removeAttachment(attachments, gone);
          const address = allocate(subnet, {has: leased.has, floors: each => leased.floors(network, each)});
          t.is(address, allocate(subnet, {has: leased.has}));
          const lease = {address, prefixLength: 24};
          putAttachment(attachments, {id: `${i}`, network: 'a', leases: [lease], ports: []} as unknown as Attachment);
          if (attachments.size > 8) removeAttachment(attachments, [...attachments.keys()][i % 8]!);
        }
      }),
    );
});
