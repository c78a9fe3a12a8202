import type {LaunchOp} from './plan-launch.ts';

/** What the shim reads from its fd 3: for each op its name, the number of arguments in decimal and the arguments, each ended by NUL. */
export function encodeProgram(ops: readonly LaunchOp[]): Buffer {
  return Buffer.from(ops.map(encodeOp).join(''));
}

function encodeOp([name, ...args]: LaunchOp): string {
  const bad = args.find(arg => arg.includes('\0'));
  if (bad !== undefined) throw new RangeError(`Cannot encode ${JSON.stringify(bad)} for "${name}": holds a NUL`);
  return [name, args.length, ...args].map(field => `${field}\0`).join('');
}
