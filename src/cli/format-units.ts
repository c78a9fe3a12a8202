const prefixes = ['', 'k', 'M', 'G', 'T', 'P'] as const;

/** Three digits and a power of 1000, as `docker stats` shows bytes: `0B`, `656B`, `1.23kB`, `45.6MB`. */
export function formatBytes(bytes: number): string {
  return `${formatCount(bytes)}B`;
}

/** The same without a unit: `7`, `1.23k`, `45.6M`. */
export function formatCount(count: number): string {
  let power = 0;
  let value = Math.round(count);
  // 999.5 would be shown as 1e+3.
  while (value >= 999.5 && power < prefixes.length - 1) {
    value /= 1000;
    power++;
  }
  return `${Number(value.toPrecision(3))}${prefixes[power]}`;
}

const binaryPrefixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi'] as const;

/** Four digits and a power of 1024, as `docker stats` shows memory: `896KiB`, `1.944GiB`. */
export function formatMemory(bytes: number): string {
  let power = 0;
  let value = bytes;
  while (value >= 1023.95 && power < binaryPrefixes.length - 1) {
    value /= 1024;
    power++;
  }
  return `${Number(value.toPrecision(4))}${binaryPrefixes[power]}B`;
}
