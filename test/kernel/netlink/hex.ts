import {decodeMessages, encodeMessages, type ReceivedMessage} from '../../../src/kernel/netlink/message.ts';

export const bytesOf = (hex: string): Buffer => Buffer.from(hex, 'hex');
export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
export const messagesOf = (hex: string): ReceivedMessage[] => decodeMessages(bytesOf(hex));

/** Every message through `encode(decode(payload))`, the headers as they were. */
export function reencode(hex: string, roundTrip: (message: ReceivedMessage) => Uint8Array): string {
  const messages = messagesOf(hex);
  return messages
    .map(message => {
      const again = {type: message.type, flags: message.flags, payload: roundTrip(message)};
      return hexOf(encodeMessages([again], message.sequence, message.portId));
    })
    .join('');
}
