#!/usr/bin/env node
import {runCli} from './run-cli.ts';

const {stdout} = process;
// `tnet ps | head` closes our output: that is the reader's right, not an error.
stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

// destroy() leaves a process's stdout open, and `destroyed` false; only the event tells that a command gave it up.
let givenUp = false;
stdout.on('close', () => {
  givenUp = true;
});

// Not process.exitCode: an open stdin would keep the process. What a slow reader has not taken yet would be lost by exit.
void runCli(process.argv.slice(2), process).then(code =>
  givenUp ? process.exit(code) : stdout.write('', () => process.exit(code)),
);
