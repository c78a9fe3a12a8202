/** Text as it stands, or what is between `{{` and `}}`. */
export interface Segment {
  readonly kind: 'text' | 'action';
  readonly text: string;
}

/** Splits a template of Go's. `{{-` and `-}}` take the blanks beside them away; comments are left out. */
export function splitSegments(template: string): readonly Segment[] {
  const segments: Segment[] = [];
  let rest = template;
  let trim = false;
  for (;;) {
    const open = rest.indexOf('{{');
    const text = open < 0 ? rest : rest.slice(0, open);
    const left = open >= 0 && /^\{\{-\s/.test(rest.slice(open));
    const [start, end] = [trim ? text.trimStart() : text, left];
    segments.push({kind: 'text', text: end ? start.trimEnd() : start});
    if (open < 0) return segments.filter(segment => segment.kind === 'action' || segment.text !== '');
    const close = findClose(rest, open + 2);
    const inner = rest.slice(open + 2, close);
    trim = /\s-$/.test(inner);
    const action = inner.slice(left ? 1 : 0, trim ? -1 : undefined).trim();
    if (!/^\/\*[\s\S]*\*\/$/.test(action)) segments.push({kind: 'action', text: action});
    rest = rest.slice(close + 2);
  }
}

/** Of the `}}` that is in no string and no comment. */
function findClose(text: string, from: number): number {
  const scan = /"(?:\\.|[^"\\\n])*"|`[^`]*`|\/\*[\s\S]*?\*\/|\}\}/g;
  scan.lastIndex = from;
  for (let match = scan.exec(text); match !== null; match = scan.exec(text)) if (match[0] === '}}') return match.index;
  throw new SyntaxError(`template: unclosed action "${text.slice(from - 2, from + 30)}"`);
}
