/** Random sequences against the model of networks, and kill -9 at every step: `npm run soak:model [-- SEQUENCES [SEED]]`, as root. A failing one is printed. */
import {spawnSync} from 'node:child_process';

const [runs = '200', seed = String(Date.now() % 1_000_000)] = process.argv.slice(2);
console.log(`soak: ${runs} sequences, seed ${seed}`);
const ava = [
  'node_modules/.bin/ava',
  '--timeout=1h',
  'dist/test/network/model.kernel.test.js',
  'dist/test/network/killed.kernel.test.js',
];
const env = {...process.env, TNET_RUNS: runs, TNET_SEED: seed};
process.exitCode = spawnSync(process.execPath, ava, {stdio: 'inherit', env}).status ?? 1;
