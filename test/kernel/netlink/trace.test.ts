import test from 'ava';
import {decodeNftTrace, NFT_MSG_TRACE} from '../../../src/kernel/netlink/nftables/nftrace.ts';
import {decodeRoute} from '../../../src/kernel/netlink/route.ts';
import {decodeWaitingSocket, dumpWaitingSockets} from '../../../src/kernel/netlink/sock-diag.ts';
import {decodeHeaders} from '../../../src/kernel/trace/headers.ts';
import type {Ip} from '../../../src/model/ip.ts';
import {bytesOf, messagesOf} from './hex.ts';

// nft add rule inet demo in meta nftrace set 1; nft add rule inet demo in udp dport 9 drop; echo hi >/dev/udp/127.0.0.1/9
const traces = [
  'a4000000110a000000000000000000000100000008000f00000000020800040000000003080006001ab0707a07000200696e00000900010064656d6f000000000c00030000000000000000020c00050008000100ffffffff08000a000000000106000b0003040000180008004500001f9c1840004011a0b37f0000017f0000010f0009008f500009000bfe1e68690a001200070000000000000000000000000008000000',
  '58000000110a000000000000000000000100000008000f00000000020800040000000003080006001ab0707a07000200696e00000900010064656d6f000000000c00030000000000000000030c0005000800010000000000',
].flatMap(messagesOf);
// a server on 127.0.0.1:8080; dumpWaitingSockets('tcp', 4)
const socket =
  '7c000000140002000100000083110000020a00001f9000007f00000100000000000000000000000000000000000000000000000000000000000000004e100000000000000000000000000000ff010000000000007baa0b00050008000000000008000f00000000000c00150001000000000000000600160052000000';
// lookUpRoute({to: '127.0.0.1'}), Linux 6.18
const route =
  '3c00000018000000010000008311000002200000fe02fe020000000008000f00fe000000080001007f000001080007007f0000010800040001000000';

test('decodeNftTrace() reads rule, verdict and headers; the second trace of a chain has no headers', t => {
  const [marked, dropped] = traces.map(decodeNftTrace);
  t.deepEqual(
    traces.map(({type}) => type),
    [NFT_MSG_TRACE, NFT_MSG_TRACE],
  );
  t.like(marked!, {
    family: 1,
    table: 'demo',
    chain: 'in',
    rule: 2,
    type: 'rule',
    verdict: 'continue',
    iif: 1,
    oif: null,
  });
  t.like(dropped!, {table: 'demo', rule: 3, type: 'rule', verdict: 'drop', network: null, transport: null});
  t.is(marked!.id, dropped!.id);
  t.like(decodeHeaders(marked!.network!, marked!.transport)!, {
    protocol: 17,
    saddr: '127.0.0.1' as Ip,
    daddr: '127.0.0.1' as Ip,
    sport: 36688,
    dport: 9,
  });
});

test('decodeWaitingSocket() reads address, port and inode', t => {
  t.deepEqual(decodeWaitingSocket(messagesOf(socket)[0]!), {
    address: '127.0.0.1' as Ip,
    port: 8080,
    uid: 0,
    inode: 764539,
  });
  t.throws(() => decodeWaitingSocket({payload: bytesOf('020a00001f90')}), {instanceOf: RangeError});
});

test('dumpWaitingSockets() asks as ss -ltn and ss -lun do', t => {
  t.is(Buffer.from(dumpWaitingSockets('tcp', 4).payload).toString('hex', 0, 8), '0206000000040000');
  t.is(Buffer.from(dumpWaitingSockets('udp', 6).payload).toString('hex', 0, 8), '0a11000080000000');
});

test('decodeRoute() reads the answer to a look-up', t => {
  t.like(decodeRoute(messagesOf(route)[0]!), {type: 'local', prefsrc: '127.0.0.1' as Ip, oif: 1});
});
