import type {Context} from './context.ts';

/** Cursor home, each line erased to its end, then the rest of the screen: no flicker as after clearing all of it. */
export function redraw(table: string, {io}: Context): void {
  io.stdout.write(`\x1b[H${table.replaceAll('\n', '\x1b[K\n')}\x1b[K\n\x1b[J`);
}
