import {closeSync} from 'node:fs';
import {constants} from 'node:os';
import type {Fd, Native} from '../native.ts';
import {
  type Answer,
  answerTo,
  checkBatch,
  dumpAnswer,
  type Inbox,
  kernelError,
  sortAnswers,
  systemError,
} from './answer.ts';
import {encodeMessages, type NetlinkMessage, NLM_F_ACK, NLM_F_DUMP, type ReceivedMessage} from './message.ts';
import {inBatch} from './nftables/batch.ts';

export type {Answer, FailedMessage} from './answer.ts';

/**
 * One netlink conversation. Methods throw KernelError, whose message is `Cannot ${what}: …` of the argument or else of
 * the message's own `what`; its `cause` is a FailedMessage when the kernel refused a message.
 */
export interface NetlinkSocket {
  /** Sends one message and waits for its acknowledgement. Returns what the kernel answered besides: nothing, or the object asked for. */
  request(message: NetlinkMessage, what?: string): readonly ReceivedMessage[];
  /** Several messages in one datagram, each on its own: the kernel goes on after one that fails. One answer a message, errors in it. */
  requestAll(messages: readonly NetlinkMessage[], what?: string): readonly Answer[];
  /** All answers of a dump; repeated when the kernel says that the objects changed meanwhile. */
  dump(message: NetlinkMessage, what?: string): readonly ReceivedMessage[];
  /** An nf_tables transaction: all or nothing. */
  batch(messages: readonly NetlinkMessage[], what?: string): void;
  /** For what blocks in the kernel (deleting a veth: 15–35 ms): on a worker thread and a socket of its own, so that others may go on. */
  requestAsync(message: NetlinkMessage, what?: string): Promise<readonly ReceivedMessage[]>;
  batchAsync(messages: readonly NetlinkMessage[], what?: string): Promise<void>;
  close(): void;
}

export interface NetlinkSocketSpec {
  readonly native: Pick<Native, 'openNetlink' | 'request' | 'requestAsync'>;
  readonly protocol: keyof typeof protocols;
  /** The namespace to talk about; must stay open as long as …Async() is called. Default: the one we are in. */
  readonly netnsFd?: Fd;
  readonly close?: (fd: Fd) => void;
}

/** include/uapi/linux/netlink.h NETLINK_ROUTE, NETLINK_SOCK_DIAG, NETLINK_NETFILTER */
const protocols = {route: 0, sockDiag: 4, netfilter: 12} as const;
/** A dump of 900 links takes 3 ms: nothing changes faster than this for long. */
const maxDumpTries = 10;
/** An acknowledgement takes about 0.75 KiB of the receive buffer, whose default is 208 KiB. */
const maxAcknowledged = 64;
/** Sequence numbers are u32. */
const maxSequence = 0xffff_0000;

export function openNetlinkSocket({native, protocol, netnsFd, close = closeSync}: NetlinkSocketSpec): NetlinkSocket {
  const open = (): Fd => {
    try {
      return native.openNetlink(protocols[protocol], netnsFd);
    } catch (error) {
      throw systemError(error, `open a netlink socket of ${protocol}`);
    }
  };
  const fd = open();
  let next = 1;

  /** Numbers the messages from `first`, sends them as one datagram and sorts what came back. */
  const exchange = (messages: readonly NetlinkMessage[], what: string | undefined): {first: number; inbox: Inbox} => {
    const first = next;
    next = first + messages.length > maxSequence ? 1 : first + messages.length;
    try {
      return {first, inbox: sortAnswers(native.request(fd, encodeMessages(messages, first)))};
    } catch (error) {
      throw systemError(error, what);
    }
  };

  const exchangeAsync = async (messages: readonly NetlinkMessage[], what: string | undefined): Promise<Inbox> => {
    const own = open();
    try {
      return sortAnswers(await native.requestAsync(own, encodeMessages(messages, 1)));
    } catch (error) {
      throw systemError(error, what);
    } finally {
      close(own);
    }
  };

  const requestAll: NetlinkSocket['requestAll'] = (messages, what) => {
    const answers: Answer[] = [];
    while (answers.length < messages.length) {
      const part = messages.slice(answers.length, answers.length + maxAcknowledged);
      const {first, inbox} = exchange(part.map(acknowledged), what ?? part[0]!.what);
      const before = answers.length;
      answers.push(...part.map((message, i) => answerTo(inbox, first + i, message, {what, index: before + i})));
    }
    return answers;
  };

  return {
    requestAll,

    request(message, what = message.what) {
      return unwrap(requestAll([message], what)[0]!);
    },

    dump(message, what = message.what) {
      for (let tries = 0; tries < maxDumpTries; tries++) {
        const {first, inbox} = exchange([{...message, flags: message.flags | NLM_F_DUMP}], what);
        const answer = dumpAnswer(inbox, first, what);
        if (answer !== null) return answer;
      }
      throw kernelError(what, {errno: constants.errno.EINTR, extack: `changed during ${maxDumpTries} dumps`});
    },

    batch(messages, what) {
      if (messages.length === 0) return;
      const {first, inbox} = exchange(transaction(messages), what ?? messages[0]!.what);
      checkBatch(inbox, first, messages, what);
    },

    async requestAsync(message, what = message.what) {
      const inbox = await exchangeAsync([acknowledged(message)], what);
      return unwrap(answerTo(inbox, 1, message, {what, index: 0}));
    },

    async batchAsync(messages, what) {
      if (messages.length === 0) return;
      const inbox = await exchangeAsync(transaction(messages), what ?? messages[0]!.what);
      checkBatch(inbox, 1, messages, what);
    },

    close: () => close(fd),
  };
}

/** An acknowledgement each would overflow the receive buffer; errors come without being asked for. */
function transaction(messages: readonly NetlinkMessage[]): NetlinkMessage[] {
  const last = messages.length - 1;
  return inBatch(messages.map((message, i) => (i === last ? acknowledged(message) : message)));
}

function acknowledged(message: NetlinkMessage): NetlinkMessage {
  return {...message, flags: message.flags | NLM_F_ACK};
}

function unwrap({error, messages}: Answer): readonly ReceivedMessage[] {
  if (error) throw error;
  return messages;
}
