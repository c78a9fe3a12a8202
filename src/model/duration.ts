const unitNs: Readonly<Record<string, number>> = {ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9};

/** Go's durations, `1m30s` or `-500ms`; ns. Throws SyntaxError. */
export function parseDuration(text: string): number {
  if (text === '0') return 0;
  if (!/^-?(\d{1,9}(\.\d{1,9})?(ns|us|µs|ms|[smh]))+$/.test(text))
    throw new SyntaxError(`invalid duration "${text}": want one like 30s or 1m30s`);
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|[smh])/g)];
  const ns = Math.round(parts.reduce((sum, [, count, unit]) => sum + Number(count) * unitNs[unit!]!, 0));
  return text.startsWith('-') ? -ns : ns;
}
