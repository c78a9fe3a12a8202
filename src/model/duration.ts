/** Go's, and `d`: a day of 24 hours. */
const unitNs: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
  d: 86_400e9,
};
const unit = Object.keys(unitNs).join('|');
const whole = new RegExp(`^-?(\\d{1,9}(\\.\\d{1,9})?(${unit}))+$`);
const part = new RegExp(`(\\d+(?:\\.\\d+)?)(${unit})`, 'g');

/** A duration as Go writes it, `1m30s`, `-500ms` or `0`; ns. Null when it is none. */
export function parseDuration(text: string): number | null {
  if (text === '0') return 0;
  if (!whole.test(text)) return null;
  const parts = [...text.matchAll(part)];
  const ns = Math.round(parts.reduce((sum, [, count, name]) => sum + Number(count) * unitNs[name!]!, 0));
  return text.startsWith('-') ? -ns : ns;
}
