import {constants} from 'node:os';
import {KernelError} from '../../errors.ts';
import {errnoText} from './errno.ts';
import {
  decodeDone,
  decodeError,
  decodeMessages,
  type NetlinkMessage,
  NLM_F_DUMP_INTR,
  NLMSG_DONE,
  NLMSG_ERROR,
  type ReceivedMessage,
  type Status,
} from './message.ts';

/** What the kernel said to one request. */
export interface Answer {
  readonly error: KernelError | null;
  /** Without acknowledgement, error and NLMSG_DONE. */
  readonly messages: readonly ReceivedMessage[];
}

/** `cause` of the KernelError when one of several messages was refused. */
export interface FailedMessage {
  /** Of the messages passed in; null when the kernel blames the transaction as a whole. */
  readonly index: number | null;
  readonly message: NetlinkMessage | null;
  /** Byte of the message, nlmsghdr included, where the offending attribute starts, if the kernel says. */
  readonly offset: number | null;
}

/** Datagrams → messages by sequence number. Late answers to an earlier request have other numbers and are ignored. */
export type Inbox = ReadonlyMap<number, readonly ReceivedMessage[]>;

export function sortAnswers(datagrams: readonly Uint8Array[]): Inbox {
  const inbox = new Map<number, ReceivedMessage[]>();
  for (const message of datagrams.flatMap(decodeMessages)) {
    const known = inbox.get(message.sequence);
    if (known) known.push(message);
    else inbox.set(message.sequence, [message]);
  }
  return inbox;
}

/** The answer to request `sequence`, which asked for an acknowledgement: without one it is incomplete. */
export function answerTo(
  inbox: Inbox,
  sequence: number,
  message: NetlinkMessage,
  {index, what = message.what}: {readonly index: number; readonly what?: string | undefined},
): Answer {
  const all = inbox.get(sequence) ?? [];
  const messages = all.filter(({type}) => type !== NLMSG_ERROR && type !== NLMSG_DONE);
  const status = statusOf(all);
  if (status === null) return {error: incomplete(what), messages};
  const failed: FailedMessage = {index, message, offset: status.offset};
  return {error: status.errno === 0 ? null : kernelError(what, status, failed), messages};
}

/** The messages of a dump, or null when it was torn (NLM_F_DUMP_INTR) and must be repeated. */
export function dumpAnswer(
  inbox: Inbox,
  sequence: number,
  what: string | undefined,
): readonly ReceivedMessage[] | null {
  const all = inbox.get(sequence) ?? [];
  const status = statusOf(all);
  if (all.some(({flags}) => flags & NLM_F_DUMP_INTR)) return null;
  if (status === null) throw incomplete(what);
  if (status.errno !== 0) throw kernelError(what, status);
  return all.filter(({type}) => type !== NLMSG_DONE && type !== NLMSG_ERROR);
}

/**
 * Throws when a transaction failed. `first` is the sequence number of NFNL_MSG_BATCH_BEGIN; the kernel names the message
 * by its number, or, for a failed commit, the batch by the begin's. Several may have failed: the first is reported.
 */
export function checkBatch(inbox: Inbox, first: number, messages: readonly NetlinkMessage[], what?: string): void {
  for (let i = -1; i <= messages.length; i++) {
    const status = statusOf(inbox.get(first + 1 + i) ?? []);
    if (status === null || status.errno === 0) continue;
    const message = messages[i] ?? null;
    const failed = {index: message && i, message, offset: status.offset};
    throw kernelError(batchWhat(message?.what, what) ?? messages[0]?.what, status, failed);
  }
  const acknowledged = statusOf(inbox.get(first + messages.length) ?? []) !== null;
  if (!acknowledged) throw incomplete(what ?? messages[0]?.what);
}

/** `Cannot ${what}: File exists (kernel's sentence)` */
export function kernelError(
  what: string | undefined,
  {errno, extack}: Pick<Status, 'errno' | 'extack'>,
  cause?: unknown,
): KernelError {
  const detail = extack === null ? '' : ` (${extack})`;
  return new KernelError(`Cannot ${what ?? 'do a netlink request'}: ${errnoText(errno)}${detail}`, {
    errno,
    extack,
    cause,
  });
}

/** A failed system call of the addon: its errno is positive. */
export function systemError(error: unknown, what: string | undefined): unknown {
  const errno = error instanceof Error && 'errno' in error ? Math.abs(Number(error.errno)) : 0;
  if (errno === 0) return error;
  return kernelError(what, {errno, extack: hints.get(errno) ?? null}, error);
}

const {ENOBUFS, EAGAIN, ETIMEDOUT, EMSGSIZE, EIO} = constants.errno;
const hints: ReadonlyMap<number, string> = new Map([
  [ENOBUFS, 'the answer overflowed the socket: the request may have been carried out, read again'],
  [EAGAIN, 'nothing to read'],
  [ETIMEDOUT, 'the kernel did not answer in time'],
  [EMSGSIZE, 'the request is larger than the socket can send'],
]);

function statusOf(messages: readonly ReceivedMessage[]): Status | null {
  const last = messages.findLast(({type}) => type === NLMSG_ERROR || type === NLMSG_DONE);
  if (last === undefined) return null;
  return last.type === NLMSG_ERROR ? decodeError(last) : decodeDone(last);
}

/** What the whole was to do, then what its failed message was to do. */
function batchWhat(part: string | undefined, whole: string | undefined): string | undefined {
  return part === undefined || whole === undefined || part === whole ? (whole ?? part) : `${whole}: ${part}`;
}

function incomplete(what: string | undefined): KernelError {
  return kernelError(what, {errno: EIO, extack: 'the answer ended early'});
}
