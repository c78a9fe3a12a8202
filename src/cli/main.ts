#!/usr/bin/env node
import {runCli} from './run-cli.ts';

// `tnet ps | head` closes our output: that is the reader's right, not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

// Not process.exitCode: an open stdin would keep the process. What a slow reader has not taken yet would be lost by exit.
void runCli(process.argv.slice(2), process).then(code => process.stdout.write('', () => process.exit(code)));
