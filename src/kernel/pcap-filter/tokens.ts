export interface Token {
  readonly text: string;
  /** Of its first character, counted from 1. */
  readonly position: number;
}

/** The kernel takes 4096 instructions (BPF_MAXINSNS), and a word makes about four. */
const maxLength = 4096;
const words = /\s*(?:(\(|\)|&&|\|\||!)|([\w.:/\\-]+)|(\S))/gy;

/** Words, parentheses and the signs of C for and, or, not. Throws SyntaxError for what is neither. */
export function tokenize(text: string): readonly Token[] {
  if (text.length > maxLength) throw new SyntaxError(`invalid filter: more than ${maxLength} characters`);
  return [...text.trimEnd().matchAll(words)].map(match => {
    const [whole, sign, word, wrong] = match;
    const found = sign ?? word ?? wrong ?? '';
    const token = {text: signs.get(found) ?? found, position: match.index + whole.length - found.length + 1};
    if (wrong !== undefined) throw filterError(text, token, 'this sign is not understood');
    return token;
  });
}

const signs: ReadonlyMap<string, string> = new Map([
  ['&&', 'and'],
  ['||', 'or'],
  ['!', 'not'],
]);

/** `invalid filter at character 10, "htp": want a port`; a missing token is the end. */
export function filterError(text: string, token: Token | undefined, want: string): SyntaxError {
  const place =
    token === undefined
      ? `at its end, after "${text.trim().slice(-20)}"`
      : `at character ${token.position}, "${token.text.slice(0, 40)}"`;
  return new SyntaxError(`invalid filter ${text.trim() === '' ? '(it is empty)' : place}: ${want}`);
}
