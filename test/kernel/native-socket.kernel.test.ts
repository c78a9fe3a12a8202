import {execFile} from 'node:child_process';
import {createSocket} from 'node:dgram';
import {once} from 'node:events';
import {closeSync, readFileSync, readSync} from 'node:fs';
import {connect, createServer} from 'node:net';
import {setImmediate as nextTurn} from 'node:timers/promises';
import {promisify} from 'node:util';
import test from 'ava';
import {runIn} from '../fixture/host.ts';
import {failsWith, native, sandbox, tcp, udp} from './native-under-test.ts';

for (const spec of [udp, tcp, {...udp, ip: '::1'}, {...tcp, ip: '::'}, {...tcp, ip: '0.0.0.0', listen: false}]) {
  test(`openSocket() gives a port of ip_local_port_range: ${spec.type} ${spec.ip}${spec.listen ? ' listening' : ''}`, t => {
    const [low, high] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s+/).map(Number);
    const {fd, port} = native.openSocket(spec);
    t.true(port >= low! && port <= high!);
    failsWith(t, () => native.openSocket({...spec, port}), ['EADDRINUSE', 'bind']);
    closeSync(fd);
    closeSync(native.openSocket({...spec, port}).fd);
  });
}

test('openSocket() binds IPv4 and IPv6 apart, and every namespace apart', t => {
  const {fd: netns} = sandbox(t);
  const {fd, port} = native.openSocket({...tcp, ip: '0.0.0.0'});
  t.notThrows(() => closeSync(native.openSocket({...tcp, ip: '::', port}).fd));
  t.notThrows(() => closeSync(native.openSocket({...tcp, ip: '0.0.0.0', port}, netns).fd));
  closeSync(fd);
});

test('openSocket() refuses what is no address and no port', t => {
  failsWith(t, () => native.openSocket({...udp, ip: 'localhost'}), ['EINVAL', 'inet_pton']);
  failsWith(t, () => native.openSocket({...udp, port: 65536}), ['EINVAL', 'bind']);
  failsWith(t, () => native.openSocket({...udp, ip: '192.0.2.1'}), ['EADDRNOTAVAIL', 'bind']);
});

test.serial('a tcp socket that drops all is a port where nobody answers and nobody else can listen', async t => {
  const {fd, port} = native.openSocket(tcp);
  const server = createServer(); // listens with SO_REUSEADDR
  server.listen(port, '127.0.0.1');
  const [taken] = (await once(server, 'error')) as [NodeJS.ErrnoException];
  t.is(taken.code, 'EADDRINUSE');

  const client = connect(port, '127.0.0.1');
  client.on('connect', () => t.fail('connected'));
  for (let i = 0; i < 3; i++) await nextTurn(); // over lo a handshake, or a refusal, is done when connect(2) returns
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const states = [...readFileSync('/proc/self/net/tcp', 'utf8').matchAll(/^ *\d+: \w+:(\w+) \w+:(\w+) (\w\w)/gm)];
  t.is(states.find(([, , remote]) => remote === hex)?.[3], '02'); // TCP_SYN_SENT
  client.destroy();
  closeSync(fd);
});

test.serial('a udp socket that drops all hears nothing, and shares its port with nobody', async t => {
  const {fd, port} = native.openSocket(udp);
  const thief = createSocket({type: 'udp4', reuseAddr: true});
  thief.bind(port, '127.0.0.1');
  const [taken] = (await once(thief, 'error')) as [NodeJS.ErrnoException];
  t.is(taken.code, 'EADDRINUSE');
  await new Promise(resolve => thief.send('x', port, '127.0.0.1', resolve));
  t.throws(() => readSync(fd, Buffer.alloc(8)), {code: 'EAGAIN'});
  thief.close();
  closeSync(fd);
});

test.serial('openSocket() makes listeners that node:net serves, inside a namespace', async t => {
  const {path, fd: netns} = sandbox(t);
  runIn(path, 'ip link set lo up');
  const {fd, port} = native.openSocket({...tcp, dropAll: false}, netns);
  const server = createServer(socket => socket.end('hello'));
  server.listen({fd});
  const {stdout} = await promisify(execFile)('nsenter', [
    `--net=${path}`,
    'node',
    '-e',
    `net.connect(${port}, '127.0.0.1').pipe(process.stdout)`,
  ]);
  t.is(stdout, 'hello');
  await new Promise(resolve => server.close(resolve));
  t.notThrows(
    () => closeSync(native.openSocket({...tcp, port}, netns).fd),
    'this end of the connection is in TIME_WAIT',
  );
});
