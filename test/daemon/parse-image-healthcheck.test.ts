import test from 'ava';
import {parseImageChange} from '../../src/daemon/parse-image-change.ts';
import {plainConfig} from '../../src/model/image.ts';

const parse = (text: string) => parseImageChange(plainConfig, `HEALTHCHECK ${text}`).healthcheck;

test('parseImageChange() reads a HEALTHCHECK as a Dockerfile has it', t => {
  t.like(parse('--interval=1m30s --timeout=500ms --retries=2 --start-period=0s CMD curl -f "http://x/"'), {
    ...{kind: 'CMD-SHELL', args: ['curl -f "http://x/"'], intervalNs: 90e9, timeoutNs: 5e8},
    ...{retries: 2, startPeriodNs: 0, startIntervalNs: 0},
  });
  t.like(parse('cmd ["test", "-e", "/x y"]'), {kind: 'CMD', args: ['test', '-e', '/x y']});
  t.like(parse('NONE'), {kind: 'NONE', args: []});
});

for (const [text, message] of [
  ['curl x', 'Unknown type "curl" in HEALTHCHECK (try CMD)'],
  ['CMD', 'Missing command after HEALTHCHECK CMD'],
  ['NONE x', 'Healthcheck test NONE has too many arguments'],
  ['--every=1s CMD x', 'Unknown flag: --every=1s'],
  ['--interval=soon CMD x', 'invalid duration "soon": want one like 30s or 1m30s'],
  ['--interval=1us CMD x', 'Interval in Healthcheck cannot be less than 1ms'],
  ['--retries=0 CMD x', '--retries must be at least 1 (not 0)'],
] as const)
  test(`parseImageChange() refuses HEALTHCHECK ${text}`, t => {
    t.throws(() => parse(text), {code: 'ERR_BAD_REQUEST', message});
  });
