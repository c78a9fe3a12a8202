import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {PassThrough} from 'node:stream';
import test from 'ava';
import {CommanderError} from 'commander';
import {ApiError} from '../../src/api/api-error.ts';
import {commandWords} from '../../src/cli/catalog.ts';
import type {Output} from '../../src/cli/context.ts';
import {createBody} from '../../src/cli/create-body.ts';
import {readVariables, resolveVariables} from '../../src/cli/environment.ts';
import {describeError, exitCode, usageMessage} from '../../src/cli/failure.ts';
import {formatPortMap, formatPorts} from '../../src/cli/format-ports.ts';
import {collect, parseCpus, parseInteger, parsePairs, parseSize, parseSwap} from '../../src/cli/parse.ts';
import {formatTable} from '../../src/cli/table.ts';
import {TnetError} from '../../src/errors.ts';

test('parseSize() reads powers of 1024', t => {
  const rows: readonly (readonly [string, number])[] = [
    ['512', 512],
    ['512b', 512],
    ['1k', 1024],
    ['1.5m', 1_572_864],
    ['2G', 2 ** 31],
    ['1GiB', 2 ** 30],
    ['1gb', 2 ** 30],
    ['1t', 2 ** 40],
  ];
  for (const [text, bytes] of rows) t.is(parseSize(text), bytes, text);
  for (const bad of ['', 'm', '-1', '1x', '1mm', 'Infinity', '0x10']) t.throws(() => parseSize(bad), undefined, bad);
  t.is(parseSwap('-1'), -1);
});

test('parseCpus() gives billionths, parseInteger() whole numbers', t => {
  t.is(parseCpus('0.5'), 500_000_000);
  t.is(parseCpus('.25'), 250_000_000);
  t.is(parseInteger('-1'), -1);
  for (const bad of ['', 'x', '1e3', '-1']) t.throws(() => parseCpus(bad));
  for (const bad of ['', '1.5', 'x', '9'.repeat(20)]) t.throws(() => parseInteger(bad));
});

test('parsePairs() splits at the first equals sign', t => {
  t.deepEqual(parsePairs(['a=b=c', 'd', 'e=']), {a: 'b=c', d: '', e: ''});
  t.deepEqual(collect('b', collect('a')), ['a', 'b']);
});

test('resolveVariables() takes the value of ours for a name alone', t => {
  t.deepEqual(resolveVariables(['A=1', 'HOME', 'NOSUCH', 'B='], {HOME: '/root'}), ['A=1', 'HOME=/root', 'B=']);
});

test('readVariables() skips blanks and comments, keeps quotes, refuses what is no variable', t => {
  const folder = mkdtempSync(join(tmpdir(), 'tnet-env-'));
  t.teardown(() => rmSync(folder, {recursive: true}));
  const path = join(folder, 'env');
  writeFileSync(path, '# c\n\nA=1\r\n  B="x y"\nC\n');
  t.deepEqual(readVariables(path), ['A=1', 'B="x y"', 'C']);
  writeFileSync(path, 'not a variable\n');
  t.throws(() => readVariables(path), {message: /invalid variable "not a variable" in/});
  t.throws(() => readVariables('/nosuch'), {code: 'ENOENT'});
});

test('createBody() leaves out what was not asked for', t => {
  t.deepEqual(createBody('host', ['true'], {network: ['bridge']}, {}), {
    Image: 'host',
    Cmd: ['true'],
    Env: [],
    WorkingDir: '',
    Hostname: '',
    Labels: {},
    OpenStdin: false,
    Tty: false,
    StdinOnce: false,
    AttachStdin: false,
    AttachStdout: true,
    AttachStderr: true,
    HostConfig: {NetworkMode: 'bridge', AutoRemove: false, Publish: []},
    NetworkingConfig: {EndpointsConfig: {bridge: {}}},
  });
  const body = createBody(
    'host',
    [],
    {
      network: ['blue'],
      ip: '10.0.0.5',
      cpus: 5e8,
      memory: 64,
      publish: ['80'],
      label: ['a=b'],
      env: ['A'],
      interactive: true,
    },
    {A: 'x'},
  );
  t.like(body, {
    Env: ['A=x'],
    OpenStdin: true,
    Labels: {a: 'b'},
    HostConfig: {NanoCpus: 5e8, Memory: 64, Publish: ['80']},
  });
  t.deepEqual(body.NetworkingConfig, {EndpointsConfig: {blue: {IPAMConfig: {IPv4Address: '10.0.0.5'}}}});
});

test('commandWords() finds the command behind the global options', t => {
  const rows: readonly (readonly [string, string])[] = [
    ['ps -a', 'ps'],
    ['--root /x ps', 'ps'],
    ['--root=/x --run-root y run host ls', 'run'],
    ['network create n', 'network create'],
    ['network --help', 'network'],
    ['--version', ''],
    ['', ''],
    ['run network ls', 'run'],
  ];
  for (const [line, words] of rows) t.is(commandWords(line.split(' ').filter(Boolean)).join(' '), words, line);
});

const port = (PublicPort: number, PrivatePort: number, more: object = {}) => ({
  IP: '0.0.0.0',
  PublicPort,
  PrivatePort,
  Type: 'tcp',
  ...more,
});

test('formatPorts() joins consecutive ports', t => {
  t.is(formatPorts([]), '');
  t.is(formatPorts([port(8080, 80), port(53, 53, {Type: 'udp', IP: '::1'})]), '0.0.0.0:8080->80/tcp, [::1]:53->53/udp');
  t.is(
    formatPorts([port(8000, 80), port(8001, 81), port(8002, 82), port(9000, 83)]),
    '0.0.0.0:8000-8002->80-82/tcp, 0.0.0.0:9000->83/tcp',
  );
  t.is(formatPorts([{PrivatePort: 80, Type: 'tcp'}]), '80/tcp');
});

test('formatPortMap() is what docker port prints', t => {
  const ports = {
    '443/tcp': [{HostIp: '0.0.0.0', HostPort: '4430'}],
    '80/tcp': [
      {HostIp: '127.0.0.1', HostPort: '8080'},
      {HostIp: '::1', HostPort: '8080'},
    ],
  };
  t.deepEqual(formatPortMap(ports), ['80/tcp -> 127.0.0.1:8080', '80/tcp -> [::1]:8080', '443/tcp -> 0.0.0.0:4430']);
});

const output = (more: object = {}): Output => Object.assign(new PassThrough(), more);
const columns = [{title: 'ID'}, {title: 'COMMAND', shrinksTo: 7}, {title: 'PORTS', shrinksTo: 5}];
const rows = [
  ['0123456789ab', 'node -e something-quite-long', '0.0.0.0:8080->80/tcp'],
  ['1', 'x', ''],
];

test('formatTable() pads columns, and cuts nothing off a terminal', t => {
  t.is(
    formatTable(columns, rows, output()),
    'ID             COMMAND                        PORTS\n0123456789ab   node -e something-quite-long   0.0.0.0:8080->80/tcp\n1              x',
  );
});

test('formatTable() fits a terminal, the widest column gives way first', t => {
  for (const width of [40, 50, 60, 66]) {
    const table = formatTable(columns, rows, output({isTTY: true, columns: width}));
    const lines = table.split('\n').slice(1);
    t.true(
      lines.every(line => line.length <= width),
      table,
    );
    t.true(lines[0]!.startsWith('0123456789ab   node'), table);
  }
  t.true(formatTable(columns, rows, output({isTTY: true, columns: 50})).includes('…'));
});

test('describeError() is one line', t => {
  t.is(describeError(new Error('a\n  b')), 'a b');
  t.regex(describeError(Object.assign(new Error('x'), {code: 'ECONNRESET'})), /the daemon went away/);
});

test("exitCode() is Docker's for run, and 1 for the rest", t => {
  const api = (code: 'ERR_COMMAND_NOT_FOUND' | 'ERR_IMAGE_NOT_FOUND') => new ApiError('x', {status: 400, code});
  t.is(exitCode(api('ERR_COMMAND_NOT_FOUND'), 'run'), 127);
  t.is(exitCode(new TnetError('ERR_COMMAND_NOT_EXECUTABLE', 'x'), 'run'), 126);
  t.is(exitCode(api('ERR_IMAGE_NOT_FOUND'), 'run'), 125);
  t.is(exitCode(new Error('x'), 'run'), 125);
  t.is(exitCode(api('ERR_COMMAND_NOT_FOUND'), 'start'), 1);
});

test('usageMessage() tells where global options go', t => {
  const error = new CommanderError(1, 'commander.unknownOption', "error: unknown option '--root=/x'");
  t.is(usageMessage(error, ['daemon']), '--root goes before the command: tnet --root <dir> daemon');
});

test('usageMessage() points to the help of the command', t => {
  const usage = (code: string, message: string, words: string[]) =>
    usageMessage(new CommanderError(1, code, message), words);
  t.is(
    usage('commander.unknownOption', "error: unknown option '--x'", ['run']),
    "unknown option '--x'\nSee 'tnet run --help'.",
  );
  t.is(
    usage('commander.missingArgument', "error: missing required argument 'container'", ['rm']),
    "'tnet rm' needs at least one container, none was given\nSee 'tnet rm --help'.",
  );
  t.is(
    usage('commander.unknownCommand', "error: unknown command 'p'\n(Did you mean ps?)", ['p']),
    "unknown command 'p'. Did you mean ps?\nSee 'tnet --help'.",
  );
});
