import {blockTypes} from '../../api/pcapng.ts';
import {type Block, blockType, createBlockCutter, decodeBlock} from '../../api/pcapng-decode.ts';

export interface Received {
  readonly packets: number;
  /** Null when the capture broke off before the daemon could count. */
  readonly dropped: number | null;
}

/** Where a capture goes; each call is awaited, so that nothing comes faster than it leaves. */
export interface Sink {
  /** Bytes as they came, after their blocks. */
  write(chunk: Uint8Array): void | Promise<void>;
  /** Each block as soon as it is whole. */
  block?(block: Block): void;
  /** Called once, with what is listened on. */
  listening(comment: string, interfaces: readonly string[]): void;
}

/** Passes a capture on and counts. Blocks of packets are decoded only for who asks for them. */
export async function receiveCapture(chunks: AsyncIterable<Uint8Array>, sink: Sink): Promise<Received> {
  const cut = createBlockCutter();
  let [packets, begun] = [0, false];
  let dropped: number | null = null;
  try {
    for await (const chunk of chunks) {
      const described: Block[] = [];
      for (const bytes of cut(chunk)) {
        const isPacket = blockType(bytes) === blockTypes.packet;
        if (isPacket) packets++;
        if (isPacket && sink.block === undefined) continue;
        const block = decodeBlock(bytes);
        if (block.kind === 'statistics') dropped = (dropped ?? 0) + block.dropped;
        if (!begun) described.push(block);
        sink.block?.(block);
      }
      await sink.write(chunk);
      if (!begun) announce(described, sink);
      begun = true;
    }
  } catch (error) {
    if (!isCut(error)) throw error;
  }
  return {packets, dropped};
}

/** The daemon, or we, closed the connection in the middle. */
function isCut(error: unknown): boolean {
  const {code} = error as NodeJS.ErrnoException;
  return code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE';
}

/** The first piece has the section and the interfaces there are at the beginning. */
function announce(blocks: readonly Block[], sink: Sink): void {
  const section = blocks.find(block => block.kind === 'section');
  const names = blocks.flatMap(block => (block.kind === 'interface' ? [block.name] : []));
  sink.listening(section?.kind === 'section' ? section.comment : '', names);
}
