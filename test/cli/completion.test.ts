import {execFileSync} from 'node:child_process';
import {PassThrough, Readable} from 'node:stream';
import {text} from 'node:stream/consumers';
import {fileURLToPath} from 'node:url';
import anyTest, {type TestFn} from 'ava';
import {runCli} from '../../src/cli/run-cli.ts';
import {type FakeDaemon, serveFake} from '../daemon/serve-fake.ts';

const test = anyTest as TestFn<FakeDaemon>;
const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

test.before(async t => {
  t.context = await serveFake();
  await run(t.context, 'create', '--name', 'web', 'host', 'true');
  await run(t.context, 'create', '--name', 'worker', 'host', 'true');
});
test.after.always(t => t.context.close());

async function run({roots}: FakeDaemon, ...args: readonly string[]): Promise<string> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const [out, err] = [text(stdout), text(stderr)];
  const where = ['--root', roots.root, '--run-root', roots.runRoot];
  const line = args[0] === '__complete' ? ['__complete', '--', ...where, ...args.slice(1)] : [...where, ...args];
  await runCli(line, {stdin: Readable.from(['']), stdout, stderr, env: {HOME: '/root'}});
  stdout.end();
  stderr.end();
  return (await out) + (await err);
}

const complete = async (daemon: FakeDaemon, line: string): Promise<readonly string[]> =>
  (await run(daemon, '__complete', ...line.split(' '))).trim().split('\n');

for (const [line, found] of [
  ['netw', ['network']],
  ['network in', ['inspect']],
  ['network inspect bri', ['bridge']],
  ['run --network n', ['none']],
  ['run --network=none --net', ['--network', '--network-alias']],
  ['rm w', ['web', 'worker']],
  ['rm web w', ['web', 'worker']],
  ['exec -it we', ['web']],
  ['logs -n 5 we', ['web']],
  ['port we', ['web']],
  ['completion f', ['fish']],
  ['nosuch ', ['']],
  ['run -v /', ['']],
] as const)
  test(`"tnet ${line}" becomes ${found.join(' or ') || 'what the shell knows'}`, async t => {
    t.deepEqual(await complete(t.context, line), found);
  });

test('without a daemon there are no names, and none is started', async t => {
  const nowhere = {...t.context, roots: {root: '/nosuch', runRoot: '/nosuch'}} as FakeDaemon;
  t.deepEqual(await complete(nowhere, 'rm w'), ['']);
  t.deepEqual(await complete(nowhere, 'vers'), ['version']);
});

test('the script for bash completes a line', t => {
  const script = `tnet() { node ${main} "$@"; }
    source <(tnet completion bash)
    COMP_WORDS=(tnet network ins) COMP_CWORD=2
    _tnet; echo "\${COMPREPLY[@]}"; complete -p tnet`;
  t.is(
    execFileSync('bash', ['-c', script], {encoding: 'utf8'}),
    'inspect\ncomplete -o bashdefault -o default -F _tnet tnet\n',
  );
});
