/** How fast a container may receive (ingress) and send (egress). Null is "as fast as it goes"; its burst is then 0. */
export interface Bandwidth {
  readonly ingressBitsPerS: number | null;
  readonly ingressBurstBytes: number;
  readonly egressBitsPerS: number | null;
  readonly egressBurstBytes: number;
}

export type Direction = 'ingress' | 'egress';

export const unlimited: Bandwidth = {
  ingressBitsPerS: null,
  ingressBurstBytes: 0,
  egressBitsPerS: null,
  egressBurstBytes: 0,
};

/** Options of an attachment that this file reads; directions are those of the container, as in CNI's bandwidth plugin. */
export const bandwidthOptions = [
  'tnet.ingress-rate',
  'tnet.ingress-burst',
  'tnet.egress-rate',
  'tnet.egress-burst',
] as const;

/** Powers of 1000 and, with "i", of 1024, as tc(8) has them. */
const prefixes: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  t: 1e12,
  ki: 1024,
  mi: 1024 ** 2,
  gi: 1024 ** 3,
  ti: 1024 ** 4,
};
/** Sizes of tc(8) are powers of 1024 with and without "i". */
const sizePrefixes: Readonly<Record<string, number>> = {'': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3};

/** One frame of 1500 bytes takes 1.5 s at this. */
const minBitsPerS = 8_000;
const maxBitsPerS = 1e12;
const maxBurstBytes = 1024 ** 3;
/** The kernel tells a bucket's size in a u32 of 64 ns ticks: 274 s of its rate. */
const maxBurstS = 250;
/** Ethernet header and a VLAN tag: the bucket is charged for them. */
const frameOverhead = 18;
/** tc-tbf(8): at least the rate divided by the kernel's ticks a second, of which there are 100 to 1000. */
const ticksPerS = 100;
const minDefaultBurstBytes = 16 * 1024;

/**
 * Reads `tnet.ingress-rate=10mbit`, `tnet.ingress-burst=32kb` and their egress twins, in the units of tc(8). A rate without
 * a burst gets 10 ms of it, at least 16 KiB. `mtuBytes` is the link's: a bucket that holds no whole frame would pass none.
 * Throws SyntaxError naming the option and its value.
 */
export function parseBandwidth(options: Readonly<Record<string, string>>, mtuBytes = 1500): Bandwidth {
  const minBurstBytes = mtuBytes + frameOverhead;
  const ingress = parseBucket(options, 'ingress', minBurstBytes);
  const egress = parseBucket(options, 'egress', minBurstBytes);
  return {
    ingressBitsPerS: ingress.bitsPerS,
    ingressBurstBytes: ingress.burstBytes,
    egressBitsPerS: egress.bitsPerS,
    egressBurstBytes: egress.burstBytes,
  };
}

/** `10mbit`, `1.5gbit`, `500kbit`, `1mibit`; `…bps` is bytes a second; a bare number bits. Bits a second, in whole bytes as the kernel counts. */
export function parseRate(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(?:([kmgt]i?)?(bit|bps))?$/i.exec(text);
  const bits = match === null ? Number.NaN : scale(match, prefixes) * (match[3]?.toLowerCase() === 'bps' ? 8 : 1);
  if (!(bits >= minBitsPerS && bits <= maxBitsPerS))
    throw new SyntaxError(`invalid rate "${text}": want 8kbit to 1tbit, as in 10mbit or 1.5gbit`);
  return Math.round(bits / 8) * 8;
}

/** `32kb`, `1m`, `1540`, `256kbit`: bytes. */
export function parseBurst(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(?:([kmg])?i?(bit|b)?)?$/i.exec(text);
  const bytes = match === null ? Number.NaN : scale(match, sizePrefixes) / (match[3]?.toLowerCase() === 'bit' ? 8 : 1);
  if (!(bytes >= 1 && bytes <= maxBurstBytes))
    throw new SyntaxError(`invalid burst "${text}": want bytes up to 1gb, as in 32kb or 1mb`);
  return Math.round(bytes);
}

/** `10mbit`; what is no whole number of a unit is given in the next smaller one. */
export function formatRate(bitsPerS: number): string {
  for (const unit of ['t', 'g', 'm', 'k']) {
    const value = bitsPerS / prefixes[unit]!;
    if (value >= 1 && Number.isInteger(value)) return `${value}${unit}bit`;
  }
  return `${bitsPerS}bit`;
}

function parseBucket(
  options: Readonly<Record<string, string>>,
  direction: Direction,
  minBurstBytes: number,
): {bitsPerS: number | null; burstBytes: number} {
  const [rateOption, burstOption] = [`tnet.${direction}-rate`, `tnet.${direction}-burst`];
  const [rate, burst] = [options[rateOption], options[burstOption]];
  if (rate === undefined && burst === undefined) return {bitsPerS: null, burstBytes: 0};
  if (rate === undefined) throw new SyntaxError(`option "${burstOption}" has no effect without "${rateOption}"`);
  const bitsPerS = named(rateOption, () => parseRate(rate));
  const burstBytes =
    burst === undefined ? defaultBurst(bitsPerS, minBurstBytes) : named(burstOption, () => parseBurst(burst));
  refuseBurst({option: burstOption, burstBytes, bitsPerS}, minBurstBytes);
  return {bitsPerS, burstBytes};
}

/** 10 ms of the rate, but 16 KiB and `minBurstBytes`, a whole frame, at least. */
export function defaultBurst(bitsPerS: number, minBurstBytes: number): number {
  return Math.max(Math.ceil(bitsPerS / 8 / ticksPerS), minDefaultBurstBytes, minBurstBytes);
}

/** How long a packet may wait for tokens; what would wait longer is dropped. CNI and Docker's plugins have 25, tc(8)'s examples 50 to 400. */
export const latencyS = 0.05;

/** Bytes that may wait in a token bucket's queue. */
export function bucketLimit(bitsPerS: number, burstBytes: number): number {
  return burstBytes + Math.ceil((bitsPerS / 8) * latencyS);
}

function refuseBurst(
  {option, burstBytes, bitsPerS}: {option: string; burstBytes: number; bitsPerS: number},
  minBurstBytes: number,
): void {
  if (burstBytes < minBurstBytes)
    throw new SyntaxError(
      `option "${option}": ${burstBytes} bytes hold no whole frame: want at least ${minBurstBytes}`,
    );
  if (burstBytes / (bitsPerS / 8) > maxBurstS)
    throw new SyntaxError(
      `option "${option}": ${burstBytes} bytes are more than ${maxBurstS} s of ${formatRate(bitsPerS)}`,
    );
}

function scale([, number, prefix = '']: RegExpExecArray, factors: Readonly<Record<string, number>>): number {
  return Number(number) * factors[prefix.toLowerCase()]!;
}

function named<T>(option: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw new SyntaxError(`option "${option}": ${(cause as Error).message}`, {cause});
  }
}
