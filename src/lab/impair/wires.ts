import {closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {type KernelError, TnetError} from '../../errors.ts';
import {linkIndex} from '../../kernel/link-index.ts';
import {loadNative} from '../../kernel/native.ts';
import {decodeLink, getLink, type LinkInfo, setLink} from '../../kernel/netlink/link.ts';
import {askForNetem, replaceNetem} from '../../kernel/netlink/netem.ts';
import {deleteTable, getTable, replaceTable} from '../../kernel/netlink/nftables/objects.ts';
import {delRootQdisc, replaceTbf} from '../../kernel/netlink/qdisc.ts';
import {type NetlinkSocket, openNetlinkSocket} from '../../kernel/netlink/socket.ts';
import {createSockets} from '../../kernel/sockets.ts';
import {startRelay} from '../holder/relay.ts';
import type {LabRecord} from '../labs.ts';
import {namespaceOf} from '../place.ts';
import {replaceFile, unfinished} from '../replace-file.ts';
import {type End, formatEnd, parseEnd, type WantedEnd} from './ends.ts';
import type {Impairment} from './impairment.ts';
import {formatRelay, type ImpairPlan, impairTable, planImpair, type RelayEffects, tableOf} from './plan-impair.ts';

/** A lab's links, as far as they are impaired. One process at a time has them open. */
export interface Wires {
  /** What is set; {} where nothing is, or somebody took it away. */
  read(end: End): Impairment;
  /** All of it, in place of what was. When it fails, what was is there again. */
  set(end: End, impairment: Impairment): Promise<void>;
  list(): readonly WantedEnd[];
  hasNetem(end: End): boolean;
  close(): void;
}

const [EINVAL, ENOENT] = [22, 2];

/** A file an end. Not there as long as nothing was ever impaired. */
export function wishesFolder({pid}: Pick<LabRecord, 'pid'>): string {
  return `/proc/${pid}/root/run/lab/impair`;
}

export function openWires({pid}: Pick<LabRecord, 'pid'>): Wires {
  const native = loadNative();
  const sockets = createSockets(native);
  const wanted = wishesFolder({pid});
  const relays = `/proc/${pid}/root/run/lab/relay`;
  for (const folder of [wanted, relays]) mkdirSync(folder, {recursive: true});
  const lock = openSync(wanted, 'r');
  native.lock(lock, 'exclusive', false);
  const ns = ({node}: End): string => namespaceOf(pid, node);

  const wish = (end: End): WantedEnd => {
    const text = readFileSync(join(wanted, formatEnd(end)), 'utf8');
    return {...end, impairment: JSON.parse(text) as Impairment};
  };
  const list = (): readonly WantedEnd[] =>
    readdirSync(wanted)
      .filter(name => !name.endsWith(unfinished))
      .sort()
      .map(name => wish(parseEnd(name)))
      .filter(holds);
  const read = (end: End): Impairment => {
    if (!existsSync(join(wanted, formatEnd(end)))) return {};
    const wanting = wish(end);
    return holds(wanting) ? wanting.impairment : {};
  };

  const hasNetem = (end: End, index = linkIndex(sockets, ns(end), end.link)): boolean => {
    try {
      sockets.route(ns(end)).request(askForNetem(index), 'ask for netem');
    } catch (error) {
      return (error as KernelError).errno === EINVAL;
    }
    return true;
  };
  const netfilter = <T>(end: End, job: (socket: NetlinkSocket) => T): T => {
    const socket = openNetlinkSocket({native, protocol: 'netfilter', netnsFd: sockets.netnsFd(ns(end))!});
    try {
      return job(socket);
    } finally {
      socket.close();
    }
  };
  /** The index of the relay's TAP. */
  const relay = async (end: End, index: number, effects: RelayEffects): Promise<number> => {
    const tap = `imp${index}`;
    const file = formatEnd(end);
    replaceFile(join(relays, file), formatRelay(effects));
    const there = linkOf(tap, end);
    if (there !== null) return there.index;
    await startRelay({holderPid: pid, node: end.node, link: end.link, tap, file: `/run/lab/relay/${file}`});
    sockets.route(ns(end)).request(setLink(tap, {ipv6LinkLocal: false, up: true}), `set up "${tap}"`);
    return linkIndex(sockets, ns(end), tap);
  };
  const linkOf = (name: string, end: End): LinkInfo | null => {
    try {
      const [answer] = sockets.route(ns(end)).request(getLink(name));
      return decodeLink(answer!);
    } catch {
      return null; // nor is its namespace, perhaps
    }
  };
  /** Whether the kernel still has what was set. */
  const holds = ({impairment, ...end}: WantedEnd): boolean => {
    const link = linkOf(end.link, end);
    if (link === null) return false;
    const plan = planImpair(impairment, {netem: hasNetem(end, link.index)});
    const queued = plan.root === null || plan.root.kind === link.qdisc;
    const relayed = plan.relay === null || linkOf(`imp${link.index}`, end) !== null;
    return queued && relayed && (plan.rules.length === 0 || hasTable(end));
  };
  const hasTable = (end: End): boolean =>
    netfilter(end, socket => {
      try {
        socket.request(getTable(tableOf(end.link)));
        return true;
      } catch {
        return false;
      }
    });
  const rules = (end: End, plan: ImpairPlan, link: {index: number; tapIndex: number | null}): void => {
    const table = impairTable(plan.rules, {name: end.link, ...link});
    netfilter(end, socket => {
      if (table !== null) socket.batch(replaceTable(table), `impair "${formatEnd(end)}"`);
      else absent(() => socket.batch(deleteTable(tableOf(end.link)), `repair "${formatEnd(end)}"`));
    });
  };
  const queue = async (end: End, {root}: ImpairPlan, index: number): Promise<void> => {
    const socket = sockets.route(ns(end));
    const what = `queue what leaves by "${formatEnd(end)}"`;
    if (root?.kind === 'netem') await socket.requestAsync(replaceNetem({...root, index}), what);
    else if (root?.kind === 'tbf') await socket.requestAsync(replaceTbf({...root, index}), what);
    else await absentAsync(() => socket.requestAsync(delRootQdisc(index), what));
  };
  /** The relay is there before the rule that leads to it, and goes after it. */
  const make = async (end: End, impairment: Impairment): Promise<void> => {
    const index = linkIndex(sockets, ns(end), end.link);
    const plan = planImpair(impairment, {netem: hasNetem(end, index)});
    const tapIndex = plan.relay === null ? null : await relay(end, index, plan.relay);
    rules(end, plan, {index, tapIndex});
    await queue(end, plan, index);
    if (plan.relay === null) rmSync(join(relays, formatEnd(end)), {force: true});
  };
  return {
    read,
    list,
    hasNetem: end => hasNetem(end),
    async set(end, impairment) {
      const was = read(end);
      try {
        await make(end, impairment);
      } catch (cause) {
        await make(end, was).catch(() => {});
        const why = (cause as Error).message;
        throw new TnetError('ERR_KERNEL', `Cannot impair "${formatEnd(end)}": ${why}; see \`tnet lab doctor\``, {
          cause,
        });
      }
      const path = join(wanted, formatEnd(end));
      if (Object.keys(impairment).length === 0) rmSync(path, {force: true});
      else replaceFile(path, JSON.stringify(impairment));
    },
    close() {
      sockets.close();
      closeSync(lock);
    },
  };
}

/** What is to go may be gone. */
function absent(job: () => void): void {
  try {
    job();
  } catch (error) {
    if ((error as KernelError).errno !== ENOENT) throw error;
  }
}

async function absentAsync(job: () => Promise<unknown>): Promise<void> {
  try {
    await job();
  } catch (error) {
    // EINVAL: it never had a queue but its default.
    if (![ENOENT, EINVAL].includes((error as KernelError).errno)) throw error;
  }
}
