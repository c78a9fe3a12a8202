/** Where the text of a paragraph goes. `width` in columns; `first` and `rest` begin its lines. */
export interface Paragraph {
  readonly width: number;
  readonly first: string;
  readonly rest: string;
}

/** Lines broken at blanks; a word that is too long stays whole. */
export function wrap(text: string, {width, first, rest}: Paragraph): readonly string[] {
  const lines: string[] = [];
  let line = first;
  let empty = true;
  for (const word of printable(text).split(' ')) {
    if (!empty && line.length + 1 + word.length > width) {
      lines.push(line);
      line = rest;
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, line];
}

/** Names of processes and links, and comments of rules, may be a container's: no escape sequence of theirs reaches the terminal. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '?');
}
