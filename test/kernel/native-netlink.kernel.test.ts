import {closeSync} from 'node:fs';
import {constants as os} from 'node:os';
import {setImmediate as nextTurn} from 'node:timers/promises';
import test from 'ava';
import {run} from '../fixture/host.ts';
import {
  address,
  allLinks,
  getLo,
  link,
  message,
  NLM_F_ACK,
  NLM_F_ACK_TLVS,
  NLM_F_CAPPED,
  NLM_F_DUMP,
  NLMSG_DONE,
  NLMSG_ERROR,
  RTM_GETADDR,
  RTM_GETLINK,
  RTM_NEWADDR,
  RTM_NEWLINK,
  types,
  unanswered,
} from './native-messages.ts';
import {failsWith, NETLINK_ROUTE, native, opening, sandbox} from './native-under-test.ts';

test('request() returns the whole answer, each datagram apart', t => {
  opening(native.openNetlink(NETLINK_ROUTE), socket => {
    t.deepEqual(types(native.request(socket, getLo)), [RTM_NEWLINK]);
    const dump = native.request(socket, allLinks);
    t.is(dump.length, 2);
    t.deepEqual([...new Set(types(dump))], [RTM_NEWLINK, NLMSG_DONE]);
    t.deepEqual(native.receive(socket), []);
  });
});

test('request() returns a dump that is far larger than a datagram', t => {
  const {fd} = sandbox(t);
  opening(native.openNetlink(NETLINK_ROUTE, fd), socket => {
    native.request(
      socket,
      Buffer.concat([...Array.from({length: 2000}, (_, n) => message(RTM_NEWADDR, 0, address(n))), getLo]),
    );
    const dump = native.request(socket, message(RTM_GETADDR, NLM_F_DUMP, Buffer.alloc(8)));
    t.true(dump.length > 3);
    t.is(types(dump).filter(type => type === RTM_NEWADDR).length, 2000);
    t.is(types(dump).at(-1), NLMSG_DONE);
  });
});

test('request() returns refusals as the kernel words them: capped, with its extended acknowledgement', t => {
  opening(native.openNetlink(NETLINK_ROUTE), socket => {
    const absent = Buffer.from(native.request(socket, message(RTM_GETLINK, 0, link(9999)))[0]!);
    t.deepEqual([absent.readUInt16LE(4), absent.readInt32LE(16)], [NLMSG_ERROR, -os.errno.ENODEV]);
    t.truthy(absent.readUInt16LE(6) & NLM_F_CAPPED);
    const dump = message(RTM_GETLINK, NLM_F_DUMP, link(0, 1)); // a flag to filter by, which only strict checking minds
    const strict = Buffer.from(native.request(socket, dump)[0]!);
    t.deepEqual([strict.readUInt16LE(4), strict.readInt32LE(16)], [NLMSG_DONE, -os.errno.EINVAL]);
    t.truthy(strict.readUInt16LE(6) & NLM_F_ACK_TLVS);
    t.true(strict.includes('Invalid values in header for'));
  });
});

test('request() sends 10,000 messages as one datagram and returns 10,000 acknowledgements', t => {
  const {fd} = sandbox(t);
  opening(native.openNetlink(NETLINK_ROUTE, fd), socket => {
    const one = message(RTM_NEWLINK, NLM_F_ACK, link(1));
    t.is(native.request(socket, Buffer.concat(Array(10_000).fill(one))).length, 10_000);
  });
});

test('request() gives up when nothing answers', t => {
  opening(native.openNetlink(NETLINK_ROUTE), socket => {
    failsWith(t, () => native.request(socket, unanswered, 1), ['ETIMEDOUT', 'poll']);
    t.deepEqual(types(native.request(socket, getLo)), [RTM_NEWLINK]);
  });
});

test('request() does not hear other processes', t => {
  opening(native.openNetlink(NETLINK_ROUTE), socket => {
    const port = Buffer.from(native.request(socket, getLo)[0]!).readUInt32LE(12);
    run(
      `python3 -c 'import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).sendto(bytes(32), (${port}, 0))'`,
    );
    t.deepEqual(native.receive(socket), []);
    run(
      `python3 -c 'import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).sendto(bytes(32), (${port}, 0))'`,
    );
    failsWith(t, () => native.request(socket, unanswered, 1), ['ETIMEDOUT', 'poll']);
    t.deepEqual(types(native.request(socket, getLo)), [RTM_NEWLINK]);
  });
});

test('request() sends the part of a buffer that it was given', t => {
  const larger = Buffer.concat([Buffer.alloc(3, 0xff), getLo, Buffer.alloc(3, 0xff)]);
  opening(native.openNetlink(NETLINK_ROUTE), socket => {
    t.deepEqual(types(native.request(socket, larger.subarray(3, -3))), [RTM_NEWLINK]);
  });
});

test.serial('requestAsync() answers as request() does, from a copy of the bytes', async t => {
  const socket = native.openNetlink(NETLINK_ROUTE);
  const bytes = Buffer.from(getLo);
  const answer = native.requestAsync(socket, bytes);
  bytes.fill(0);
  t.deepEqual(types(await answer), [RTM_NEWLINK]);
  closeSync(socket);
  const error = (await t.throwsAsync(native.requestAsync(socket, getLo))) as NodeJS.ErrnoException;
  t.deepEqual([error.code, error.errno, error.syscall], ['EBADF', os.errno.EBADF, 'send']);
});

test.serial('requestAsync() leaves the event loop free', async t => {
  const socket = native.openNetlink(NETLINK_ROUTE);
  let waiting = true;
  const answer = native.requestAsync(socket, unanswered, 100).finally(() => {
    waiting = false;
  });
  let turns = 0;
  for (; waiting && turns < 3; turns++) await nextTurn();
  t.is(turns, 3);
  const error = (await t.throwsAsync(answer)) as NodeJS.ErrnoException;
  t.is(error.code, 'ETIMEDOUT');
  closeSync(socket);
});

test('joinGroup() refuses a group that is none', t => {
  opening(native.openNetlink(NETLINK_ROUTE), socket =>
    failsWith(t, () => native.joinGroup(socket, 9999), ['EINVAL', 'setsockopt']),
  );
});
