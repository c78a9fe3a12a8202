/** ctrl-p ctrl-q */
const defaultKeys: readonly number[] = [16, 17];
const named: Readonly<Record<string, number>> = {DEL: 127, '@': 0, '[': 27, '\\': 28, ']': 29, '^': 30, _: 31};

/** `ctrl-p,ctrl-q`, `a,ctrl-\` … as moby/term reads it; '' is the default. Throws SyntaxError. */
export function parseDetachKeys(text: string): readonly number[] {
  return text === '' ? defaultKeys : text.split(',').map(key => parseKey(key, text));
}

function parseKey(key: string, whole: string): number {
  const control = /^ctrl-(.)$/.exec(key)?.[1];
  if (control !== undefined && /[a-z]/.test(control)) return control.charCodeAt(0) - 96;
  const code = control === undefined ? (key === 'DEL' ? named.DEL : undefined) : named[control];
  if (code !== undefined) return code;
  if (key.length === 1 && key.charCodeAt(0) < 128) return key.charCodeAt(0);
  throw new SyntaxError(`Invalid detach keys (${whole}) provided`);
}

export interface Typed {
  /** What is sent on. */
  readonly data: Buffer;
  /** The whole sequence was typed; what came after it is dropped. */
  readonly detached: boolean;
}

/** Looks for the sequence in what is typed, in any pieces. Its beginning is held back until it is clear that it is none. */
export function createDetachFilter(keys: readonly number[]): (chunk: Uint8Array) => Typed {
  let held = 0;
  return chunk => {
    const data: number[] = [];
    for (const byte of chunk) {
      if (byte !== keys[held]) {
        data.push(...keys.slice(0, held));
        held = 0;
      }
      if (byte !== keys[held]) data.push(byte);
      else if (++held === keys.length) return {data: Buffer.from(data), detached: true};
    }
    return {data: Buffer.from(data), detached: false};
  };
}
