export interface Token {
  readonly kind: 'word' | 'field' | 'variable' | 'string' | 'number' | 'sign';
  readonly text: string;
  /** Whether a blank is before it: `.A.B` is one value, `.A .B` two. */
  readonly apart: boolean;
}

const patterns = [
  ['string', /"(?:\\.|[^"\\\n])*"|`[^`]*`/y],
  ['number', /[+-]?\d+(?:\.\d+)?(?![\w.])/y],
  ['variable', /\$\w*/y],
  ['field', /\.[A-Za-z_]\w*/y],
  ['word', /[A-Za-z_]\w*/y],
  ['sign', /:=|[().|=,]/y],
] as const;

/** Words of an action. Throws SyntaxError at what Go would not take either. */
export function tokenize(action: string): readonly Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < action.length; ) {
    const blanks = /\s*/y;
    blanks.lastIndex = at;
    at += blanks.exec(action)![0].length;
    if (at >= action.length) break;
    const token = tokenAt(action, at);
    tokens.push(token);
    at += token.text.length;
  }
  return tokens;
}

function tokenAt(action: string, at: number): Token {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at;
    const match = pattern.exec(action);
    if (match) return {kind, text: match[0], apart: at === 0 || /\s/.test(action[at - 1]!)};
  }
  throw new SyntaxError(`template: unexpected "${action.slice(at, at + 20)}" in "{{${action}}}"`);
}
