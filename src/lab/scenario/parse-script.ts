/** A part of solution.sh and its like that runs on one node. */
export interface Chunk {
  readonly node: string;
  readonly script: string;
}

export interface Script {
  readonly chunks: readonly Chunk[];
  /** `# expect-fail: route, reach`: ids of exactly the checks that fail after it. */
  readonly expectFail: readonly string[];
  /** `# expect-guard: lan`: guards it breaks. */
  readonly expectGuard: readonly string[];
}

/** `# on: NODE` begins a part; what is before the first one runs on the host. */
export function parseScript(text: string): Script {
  const chunks: {node: string; lines: string[]}[] = [{node: 'host', lines: []}];
  for (const line of text.split('\n')) {
    const [, node] = /^#\s*on:\s*(\S+)\s*$/.exec(line) ?? [];
    if (node !== undefined) chunks.push({node, lines: []});
    else chunks.at(-1)!.lines.push(line);
  }
  const header = (name: string): readonly string[] =>
    [...text.matchAll(new RegExp(`^#\\s*${name}:(.*)$`, 'gm'))].flatMap(([, ids]) =>
      ids!.split(/[\s,]+/).filter(Boolean),
    );
  return {
    chunks: chunks
      .map(({node, lines}) => ({node, script: lines.join('\n')}))
      .filter(({script}) => /^\s*[^#\s]/m.test(script)),
    expectFail: header('expect-fail'),
    expectGuard: header('expect-guard'),
  };
}
