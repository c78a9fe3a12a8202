import test from 'ava';
import {startTimeoutMs} from '../../src/api/start-timeout.ts';

test('startTimeoutMs() is 10 s, or the seconds of TNET_START_TIMEOUT', t => {
  t.is(startTimeoutMs({}), 10_000);
  t.is(startTimeoutMs({TNET_START_TIMEOUT: ''}), 10_000);
  t.is(startTimeoutMs({TNET_START_TIMEOUT: '120'}), 120_000);
  t.is(startTimeoutMs({TNET_START_TIMEOUT: '0.5'}), 500);
});

for (const text of ['0', '-1', '1m', ' 5', '1e3', 'Infinity', '2147484'])
  test(`startTimeoutMs() refuses "${text}"`, t => {
    t.throws(() => startTimeoutMs({TNET_START_TIMEOUT: text}), {
      instanceOf: RangeError,
      message: `TNET_START_TIMEOUT "${text}" is no number of seconds above 0`,
    });
  });
