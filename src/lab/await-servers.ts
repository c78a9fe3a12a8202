import {setTimeout as sleep} from 'node:timers/promises';
import {loadNative} from '../kernel/native.ts';
import {decodeWaitingSocket, dumpWaitingSockets} from '../kernel/netlink/sock-diag.ts';
import {openNetlinkSocket} from '../kernel/netlink/socket.ts';
import {createSockets} from '../kernel/sockets.ts';
import type {LabRecord} from './labs.ts';
import {namespaceOf} from './place.ts';

const timeoutMs = 5000;

/** Until every `lab-serve` that the nodes run listens: a fast learner, and a check, would find a closed port. One that never does is the checks' matter. */
export async function awaitServers(record: LabRecord): Promise<void> {
  const native = loadNative();
  const sockets = createSockets(native);
  const deadline = performance.now() + timeoutMs;
  try {
    for (const {name, run} of record.topology.nodes)
      for (const {proto, port} of run.flatMap(serversOf)) {
        const netnsFd = sockets.netnsFd(namespaceOf(record.pid, name))!;
        const socket = openNetlinkSocket({native, protocol: 'sockDiag', netnsFd});
        const listens = (): boolean =>
          socket
            .dump(dumpWaitingSockets(proto, 4))
            .map(decodeWaitingSocket)
            .some(each => each.port === port);
        while (!listens() && performance.now() < deadline) await sleep(10);
        socket.close();
      }
  } finally {
    sockets.close();
  }
}

interface Server {
  readonly proto: 'tcp' | 'udp';
  readonly port: number;
}

function serversOf(script: string): readonly Server[] {
  return [...script.matchAll(/\blab-serve (http|tcp|udp) (\d+)/g)].map(([, proto, port]) => ({
    proto: proto === 'udp' ? 'udp' : 'tcp',
    port: Number(port),
  }));
}
