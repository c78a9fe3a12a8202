import type {DeviceIo} from './usage.ts';

/** Lines of `name number`, as memory.stat and cpu.stat. */
export function parseFlat(text: string): Readonly<Record<string, number>> {
  const pairs = text.split('\n').map(line => line.split(' '));
  return Object.fromEntries(pairs.flatMap(([name, value]) => (value === undefined ? [] : [[name, Number(value)]])));
}

/** v1: `254:0 Read 4096` and, at the end, a `Total 8192` of no device. */
export function parseBlkio(text: string): readonly DeviceIo[] {
  return [...text.matchAll(/^(\d+):(\d+) (\w+) (\d+)$/gm)].map(([, major, minor, op, bytes]) => ({
    major: Number(major),
    minor: Number(minor),
    op: op!,
    bytes: Number(bytes),
  }));
}

/** v2: `254:0 rbytes=4096 wbytes=0 rios=1 …`. A device that was only touched has a line without figures. */
export function parseIoStat(text: string): readonly DeviceIo[] {
  return [...text.matchAll(/^(\d+):(\d+) (.*)$/gm)].flatMap(([, major, minor, figures]) => {
    const of = (key: string): string | undefined => new RegExp(`\\b${key}=(\\d+)`).exec(figures!)?.[1];
    return (['read', 'write'] as const).flatMap(op => {
      const bytes = of(op === 'read' ? 'rbytes' : 'wbytes');
      return bytes === undefined ? [] : [{major: Number(major), minor: Number(minor), op, bytes: Number(bytes)}];
    });
  });
}
