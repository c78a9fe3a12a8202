import {streamCapture} from '../api/pcapng-stream.ts';
import {tnetVersion} from '../api/version.ts';
import {TnetError} from '../errors.ts';
import {openCapture} from '../kernel/capture/capture.ts';
import {type ChooseTaps, chooseAll, chooseBridge} from '../kernel/capture/taps.ts';
import {loadNative} from '../kernel/native.ts';
import type {LinkInfo} from '../kernel/netlink/link.ts';
import {parseFilter} from '../kernel/pcap-filter/parse.ts';
import {createSockets} from '../kernel/sockets.ts';
import {linksOf} from '../kernel/trace/inquire.ts';
import type {LabRecord} from './labs.ts';
import {namespaceOf} from './place.ts';
import {hostNode} from './topology/topology.ts';

export interface NodeCaptureSpec {
  readonly record: LabRecord;
  /** `c1`, `c1:eth0`, `host:br0`. */
  readonly target: string;
  /** As for tcpdump; '' is everything. */
  readonly filter: string;
  /** Packets; null is without end. */
  readonly count: number | null;
  /** Bytes kept of a packet. */
  readonly snaplen: number;
}

export interface NodeCapture {
  /** pcapng. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Ends it with what has arrived. */
  stop(): void;
  close(): void;
}

/** Listens on a node, with the engine of `tnet capture`, in this process. Throws ERR_BAD_REQUEST with what there is instead. */
export function captureNode({record, target, filter, count, snaplen}: NodeCaptureSpec): NodeCapture {
  const native = loadNative();
  const [node = '', link = null] = target.split(':');
  const netns = namespaceOf(record.pid, node);
  const links = linksIn(record, node);
  if (link !== null && !links.some(({name}) => name === link))
    throw new TnetError(
      'ERR_BAD_REQUEST',
      `No interface "${link}" on ${node}; there are ${links.map(({name}) => name).join(', ')}`,
    );
  const capture = openCapture({native, netns, ...tapsOf(links, link), filter: meaning(filter), snaplen});
  const labels = {
    application: `tnet ${tnetVersion}`,
    comment: `${link === null ? node : `${node}:${link}`} of lab "${record.name}", tnet ${tnetVersion}`,
    filter,
    snaplen,
    describe: () => `node ${node}`,
  };
  const keepAlive = setInterval(() => {}, 60_000); // a watch alone does not keep this process
  const close = (): void => {
    clearInterval(keepAlive);
    capture.close();
  };
  return {chunks: streamCapture(capture, labels, count), stop: capture.stop, close};
}

function linksIn({name, pid, topology}: LabRecord, node: string): readonly LinkInfo[] {
  const sockets = createSockets(loadNative());
  try {
    return linksOf(sockets, namespaceOf(pid, node));
  } catch (cause) {
    const known = [...new Set([...topology.nodes.map(each => each.name), hostNode])].join(', ');
    throw new TnetError('ERR_BAD_REQUEST', `No node "${node}" in lab "${name}"; there are ${known}`, {cause});
  } finally {
    sockets.close();
  }
}

/** Of a bridge every frame once, where it enters; of anything else what it sends and receives. */
function tapsOf(links: readonly LinkInfo[], link: string | null): {choose: ChooseTaps; interface: string | null} {
  const isBridge = links.some(({name, kind}) => name === link && kind === 'bridge');
  return isBridge ? {choose: chooseBridge(link!), interface: null} : {choose: chooseAll, interface: link};
}

function meaning(filter: string) {
  try {
    return parseFilter(filter);
  } catch (cause) {
    if (!(cause instanceof SyntaxError) && !(cause instanceof RangeError)) throw cause;
    throw new TnetError('ERR_BAD_REQUEST', cause.message, {cause});
  }
}
