import {filterError, type Token, tokenize} from './tokens.ts';

/** Reads a filter's words one after another. */
export interface Cursor {
  /** The next word and those after it; undefined at the end. */
  peek(ahead?: number): string | undefined;
  next(): string | undefined;
  /** Takes the next word if it is one of these. */
  take<const T extends string>(...words: readonly T[]): T | null;
  /** About the next word, or the one just taken. */
  error(want: string): SyntaxError;
  errorBefore(want: string): SyntaxError;
}

export function createCursor(text: string): Cursor {
  const tokens: readonly Token[] = tokenize(text);
  let at = 0;
  return {
    peek: (ahead = 0) => tokens[at + ahead]?.text,
    next: () => tokens[at++]?.text,
    take(...words) {
      const found = words.find(word => word === tokens[at]?.text) ?? null;
      if (found !== null) at++;
      return found;
    },
    error: want => filterError(text, tokens[at], want),
    errorBefore: want => filterError(text, tokens[at - 1], want),
  };
}
