import test from 'ava';
import {formatRate, parseBandwidth, parseBurst, parseRate, unlimited} from '../../src/model/bandwidth.ts';

for (const [text, bits] of [
  ['10mbit', 10e6],
  ['1gbit', 1e9],
  ['1.5Gbit', 1.5e9],
  ['500kbit', 500e3],
  ['1mibit', 1024 ** 2],
  ['1mbps', 8e6],
  ['8000', 8000],
  ['8000bit', 8000],
  ['2000bps', 16000],
  ['1tbit', 1e12],
  ['10001', 10000],
] as const) {
  test(`parseRate() reads ${text}`, t => t.is(parseRate(text), bits));
}

for (const text of ['', '0', '10', '7999', '-1mbit', '10 mbit', '10mb', '2tbit', '1e9', 'mbit', '0x10mbit', '10%']) {
  test(`parseRate() refuses "${text}"`, t => {
    t.throws(() => parseRate(text), {
      instanceOf: SyntaxError,
      message: `invalid rate "${text}": want 8kbit to 1tbit, as in 10mbit or 1.5gbit`,
    });
  });
}

for (const [text, bytes] of [
  ['32kb', 32 * 1024],
  ['32k', 32 * 1024],
  ['1.5mb', 1.5 * 1024 ** 2],
  ['1540', 1540],
  ['1540b', 1540],
  ['256kbit', 32 * 1024],
  ['1gb', 1024 ** 3],
] as const) {
  test(`parseBurst() reads ${text}`, t => t.is(parseBurst(text), bytes));
}

for (const text of ['', '0', '2gb', '-1', '1 kb', '10mbps', 'kb']) {
  test(`parseBurst() refuses "${text}"`, t => {
    t.throws(() => parseBurst(text), {instanceOf: SyntaxError, message: /^invalid burst "/});
  });
}

test('parseBandwidth() without options is unlimited, and leaves foreign options alone', t => {
  t.deepEqual(parseBandwidth({'com.docker.network.endpoint.sysctls': 'x'}), unlimited);
});

test('parseBandwidth() gives a rate 10 ms of burst, 16 KiB at least, a frame at least', t => {
  const rate = (text: string, mtu?: number) => parseBandwidth({'tnet.egress-rate': text}, mtu).egressBurstBytes;
  t.is(rate('1gbit'), 1_250_000);
  t.is(rate('1mbit'), 16 * 1024);
  t.is(rate('1mbit', 65_535), 65_535 + 18);
});

test('parseBandwidth() keeps the directions apart', t => {
  t.deepEqual(parseBandwidth({'tnet.ingress-rate': '10mbit', 'tnet.ingress-burst': '32kb'}), {
    ...unlimited,
    ingressBitsPerS: 10e6,
    ingressBurstBytes: 32 * 1024,
  });
});

for (const [options, message] of [
  [{'tnet.ingress-burst': '32kb'}, 'option "tnet.ingress-burst" has no effect without "tnet.ingress-rate"'],
  [
    {'tnet.egress-rate': 'fast'},
    'option "tnet.egress-rate": invalid rate "fast": want 8kbit to 1tbit, as in 10mbit or 1.5gbit',
  ],
  [
    {'tnet.egress-rate': '1mbit', 'tnet.egress-burst': '1k'},
    'option "tnet.egress-burst": 1024 bytes hold no whole frame: want at least 1518',
  ],
  [
    {'tnet.egress-rate': '8kbit', 'tnet.egress-burst': '1mb'},
    'option "tnet.egress-burst": 1048576 bytes are more than 250 s of 8kbit',
  ],
] as const) {
  test(`parseBandwidth() refuses ${JSON.stringify(options)}`, t => {
    t.throws(() => parseBandwidth(options), {instanceOf: SyntaxError, message});
  });
}

test('formatRate() takes the largest unit that is exact', t => {
  t.deepEqual([10e6, 1.5e9, 8000, 8008, 1e12].map(formatRate), ['10mbit', '1500mbit', '8kbit', '8008bit', '1tbit']);
});
