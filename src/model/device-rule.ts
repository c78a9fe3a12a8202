/** A device that processes of a container may open or make; null is every number. */
export interface DeviceRule {
  readonly type: 'b' | 'c';
  readonly major: number | null;
  readonly minor: number | null;
  /** Of `r`, `w` and `m` (mknod), in this order. */
  readonly access: string;
}

const form = /^([abc]) (\d+|\*):(\d+|\*) ([rwm]{1,3})$/;
/** The kernel keeps each in 32 bits. */
const mostNumber = 0xffff_ffff;

/** Docker's `c 42:* rwm`; `a` is both types. Null when it is none. */
export function parseDeviceRule(text: string): readonly DeviceRule[] | null {
  const [, type, major, minor, letters] = form.exec(text) ?? [];
  if (type === undefined) return null;
  const numbers = {major: parseNumber(major!), minor: parseNumber(minor!)};
  if ([numbers.major, numbers.minor].some(number => (number ?? 0) > mostNumber)) return null;
  const access = sortAccess(letters!);
  return (type === 'a' ? (['b', 'c'] as const) : [type as 'b' | 'c']).map(each => ({type: each, ...numbers, access}));
}

/** As the kernel's devices.allow takes it. */
export function formatDeviceRule({type, major, minor, access}: DeviceRule): string {
  return `${type} ${major ?? '*'}:${minor ?? '*'} ${access}`;
}

/** `mwr` → `rwm`; each letter once. */
export function sortAccess(letters: string): string {
  return [...'rwm'].filter(letter => letters.includes(letter)).join('');
}

function parseNumber(text: string): number | null {
  return text === '*' ? null : Number(text);
}
