import test from 'ava';
import {formatPortMapping, parsePortMapping, portMappingsConflict} from '../../src/model/port-mapping.ts';

const mapping = (proto: string, hostIp: string | null, hostPort: number, containerPort: number, count = 1) => ({
  proto,
  hostIp,
  hostPort,
  containerPort,
  count,
});

for (const [text, expected] of [
  ['80', mapping('tcp', null, 0, 80)],
  ['8080:80', mapping('tcp', null, 8080, 80)],
  ['8080:80/udp', mapping('udp', null, 8080, 80)],
  ['8080:80/TCP', mapping('tcp', null, 8080, 80)],
  ['127.0.0.1:8080:80', mapping('tcp', '127.0.0.1', 8080, 80)],
  ['127.0.0.1::80/udp', mapping('udp', '127.0.0.1', 0, 80)],
  ['0.0.0.0:8080:80', mapping('tcp', '0.0.0.0', 8080, 80)],
  ['[::]:8080:80', mapping('tcp', '::', 8080, 80)],
  ['8000-8010:80', {...mapping('tcp', null, 8000, 80), hostPortEnd: 8010}],
  ['80-81', mapping('tcp', null, 0, 80, 2)],
  ['target=80', mapping('tcp', null, 0, 80)],
  ['target=80,published=8080,protocol=udp,host_ip=::1,mode=host', mapping('udp', '::1', 8080, 80)],
  ['[::1]:8080:80', mapping('tcp', '::1', 8080, 80)],
  ['[2001:DB8::1]::80', mapping('tcp', '2001:db8::1', 0, 80)],
  ['8000-8010:9000-9010', mapping('tcp', null, 8000, 9000, 11)],
  ['127.0.0.1:8000-8001:80-81/sctp', mapping('sctp', '127.0.0.1', 8000, 80, 2)],
] as const) {
  test(`parsePortMapping() reads ${text}`, t => t.deepEqual(parsePortMapping(text) as object, expected));
}

for (const [text, message] of [
  ['', /invalid port mapping/],
  ['0', /invalid port "0"/],
  ['65536', /invalid port "65536"/],
  ['8080:', /invalid port mapping/],
  ['web:80', /invalid port "web"/],
  ['80/icmp', /invalid proto: icmp/],
  ['90-80', /ends before it starts/],
  ['8000-8002:80-81', /invalid ranges specified/],
  ['published=80', /target is missing/],
  ['target=80,port=8', /invalid field "port=8"/],
  ['1.2.3:8080:80', /invalid IP address "1.2.3"/],
  ['1.2.3.4:5:6:7', /invalid port mapping/],
  ['80 ', /invalid port/],
] as const) {
  test(`parsePortMapping() refuses "${text}"`, t =>
    t.throws(() => parsePortMapping(text), {instanceOf: SyntaxError, message}));
}

test('formatPortMapping() writes what docker ps shows', t => {
  t.is(formatPortMapping(parsePortMapping('8080:80')), '0.0.0.0:8080->80/tcp');
  t.is(formatPortMapping(parsePortMapping('[::1]:8000-8001:80-81/udp')), '[::1]:8000-8001->80-81/udp');
});

for (const [a, b, conflict] of [
  ['8080:80', '8080:81', true],
  ['8080:80', '8081:80', false],
  ['8080:80/udp', '8080:80', false],
  ['127.0.0.1:8080:80', '8080:80', true],
  ['127.0.0.1:8080:80', '127.0.0.2:8080:80', false],
  ['8000-8010:8000-8010', '8010:80', true],
  ['8000-8010:8000-8010', '8011:80', false],
  ['80', '80', false],
] as const) {
  test(`portMappingsConflict() says ${conflict} for ${a} and ${b}`, t => {
    t.is(portMappingsConflict(parsePortMapping(a), parsePortMapping(b)), conflict);
    t.is(portMappingsConflict(parsePortMapping(b), parsePortMapping(a)), conflict);
  });
}
