// Builds everything that is out of date: native code (node-gyp), TypeScript (tsc), the command bundles (esbuild).
// Runs as npm's `prepare`, so a clone needs one `npm install`.
import {execFileSync} from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {dirname, join, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);

const run = (command, args, hint) => {
  try {
    execFileSync(command, args, {stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8'});
  } catch (error) {
    if (error.stdout) process.stderr.write(error.stdout);
    console.error(`build: ${command} ${args.join(' ')} failed. ${hint}`);
    process.exit(1);
  }
};
const bin = name => join('node_modules', '.bin', name);
const newest = folder =>
  Math.max(
    ...readdirSync(folder, {recursive: true, withFileTypes: true})
      .filter(entry => entry.isFile())
      .map(entry => statSync(join(entry.parentPath, entry.name)).mtimeMs),
  );
const built = path => (existsSync(path) ? statSync(path).mtimeMs : 0);

installNew();
const loader = `#!/usr/bin/env node
const {readFileSync} = require('node:fs');
const {Script} = require('node:vm');
const path = __filename.replace(/\\.cjs$/, '.main');
const script = new Script(readFileSync(path + '.js', 'utf8'), {filename: path + '.js', cachedData: readFileSync(path + '.cache')});
if (globalThis.tnetKeep) globalThis.tnetProgram = script; // scripts/build.mjs
script.runInThisContext()(require, module, exports, __filename, __dirname);
`;

buildNative();
run(bin('tsc'), [], 'The TypeScript sources do not compile.');
bundle();

/** A merge may bring a dependency that this clone has not installed. `--ignore-scripts`: `prepare` is this very script. */
function installNew() {
  const {dependencies} = JSON.parse(readFileSync('package.json', 'utf8'));
  const missing = Object.keys(dependencies).filter(name => !existsSync(join('node_modules', name)));
  if (missing.length === 0) return;
  run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], `Could not install ${missing.join(', ')}.`);
}

function buildNative() {
  const oldest = Math.min(
    ...['tnet.node', 'tnet-shim', 'tnet-plugin', 'tnet-lab'].map(name => built(join('build/Release', name))),
  );
  if (oldest > Math.max(newest('addon'), built('binding.gyp'))) return;
  const missing = ['python3', 'make', 'g++'].filter(tool => !onPath(tool));
  if (missing.length > 0) {
    console.error(`build: this machine lacks ${missing.join(', ')}. On Debian: apt-get install -y python3 make g++`);
    process.exit(1);
  }
  const headers = dirname(dirname(process.execPath));
  const local = existsSync(join(headers, 'include/node/node_api.h')) ? [`--nodedir=${headers}`] : [];
  run(bin('node-gyp'), ['rebuild', '--silent', ...local], 'The native code does not compile.');
}

function onPath(tool) {
  return (process.env.PATH ?? '').split(':').some(folder => existsSync(join(folder, tool)));
}

/** One CommonJS file a program: it starts in ~26 ms, the unbundled modules in ~85 ms. */
function bundle() {
  const programs = {'cli/main': 'tnet', 'daemon/main': 'daemon', 'lab/serve': 'lab-serve'};
  const entries = Object.entries(programs).filter(([entry]) => existsSync(`dist/src/${entry}.js`));
  mkdirSync('dist/bin', {recursive: true});
  for (const [entry, program] of entries) {
    const outfile = `dist/bin/${program}.cjs`;
    run(
      bin('esbuild'),
      [
        `dist/src/${entry}.js`,
        '--bundle',
        '--platform=node',
        '--target=node20',
        '--format=cjs',
        '--minify',
        '--log-level=warning',
        '--external:@photostructure/sqlite',
        '--external:node:sqlite',
        '--define:import.meta.url=importMetaUrl',
        '--banner:js=const importMetaUrl=require("node:url").pathToFileURL(__filename).href;',
        `--outfile=${outfile}`,
      ],
      'Bundling failed.',
    );
    if (entry === 'cli/main') precompile(outfile);
    chmodSync(outfile, 0o755);
  }
  const link = bin('tnet');
  rmSync(link, {force: true});
  symlinkSync('../../dist/bin/tnet.cjs', link);
}

/**
 * Compiling half a megabyte takes V8 30 ms of every command; with what it made of it before, here of `run --help`, 3. A cache of
 * another V8 is refused by itself, and the source compiled. `path` becomes the program that loads both.
 */
function precompile(path) {
  const main = path.replace(/\.cjs$/, '.main');
  const text = readFileSync(path, 'utf8').replace(/^#!.*\n/, '');
  writeFileSync(`${main}.js`, `(function (require, module, exports, __filename, __dirname) {${text}\n})`);
  writeFileSync(`${main}.cache`, '');
  writeFileSync(path, loader);
  const keep = `const path = ${JSON.stringify(resolve(path))};
process.argv = [process.execPath, path, 'run', '--help'];
process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(`${main}.cache`)}, globalThis.tnetProgram.createCachedData()));
globalThis.tnetKeep = true;
require(path);`;
  run(process.execPath, ['-e', keep], 'The program cannot be run.');
}
