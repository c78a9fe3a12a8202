import {fileURLToPath} from 'node:url';

// AVA forks every test file from process.execPath. Through this wrapper each file is born in a network and mount
// namespace of its own, which stands for "the host": kernel tests run in parallel and cannot touch the machine.
process.execPath = fileURLToPath(new URL('scripts/node-in-host.sh', import.meta.url));

export default {
  files: [`${process.env.TNET_DIST ?? 'dist'}/test/**/*.test.js`],
  workerThreads: false, // namespaces belong to threads
  timeout: '120s',
  concurrency: 3,
};
