import test from 'ava';
import {parseLogRotation} from '../../src/model/log-config.ts';

const parse = (options: Readonly<Record<string, string>>) => parseLogRotation({driver: 'json-file', options});

test('parseLogRotation() reads sizes by powers of 1000, as docker/go-units', t => {
  const rows: readonly (readonly [string, number])[] = [
    ['1', 1],
    ['512b', 512],
    ['10k', 10_000],
    ['10kb', 10_000],
    ['1.5m', 1_500_000],
    ['2G', 2e9],
    ['1t', 1e12],
    ['3 m', 3_000_000],
  ];
  for (const [size, maxBytes] of rows) t.deepEqual(parse({'max-size': size}), {maxBytes, maxFiles: 1}, size);
});

test('parseLogRotation() is none without a size, whatever the number of files', t => {
  for (const options of [{}, {'max-size': '-1'}, {'max-file': '3'}]) t.is(parse(options), null);
  t.deepEqual(parse({'max-size': '1m', 'max-file': '3'}), {maxBytes: 1e6, maxFiles: 3});
});

test('parseLogRotation() refuses what makes no sense, in Docker’s words', t => {
  const rows: readonly (readonly [Readonly<Record<string, string>>, RegExp])[] = [
    [{'max-size': '0'}, /^max-size must be a positive number$/],
    [{'max-size': '0.1'}, /^max-size must be a positive number$/],
    [{'max-size': 'x'}, /^invalid size: 'x'$/],
    [{'max-size': ''}, /^invalid size: ''$/],
    [{'max-size': '-2'}, /^invalid size: '-2'$/],
    [{'max-size': '1kib'}, /^invalid size: '1kib'$/],
    [{'max-size': '1m', 'max-file': '0'}, /^max-file cannot be less than 1$/],
    [{'max-file': '-1'}, /^max-file cannot be less than 1$/],
    [{'max-file': 'many'}, /^invalid max-file "many": want a number$/],
    [{'max-file': '1.5'}, /^invalid max-file "1.5": want a number$/],
  ];
  for (const [options, message] of rows) t.throws(() => parse(options), {instanceOf: SyntaxError, message});
});
