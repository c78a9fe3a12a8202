import test from 'ava';
import {readProcesses} from '../../src/runtime/proc-table.ts';
import {parsePs, psArguments} from '../../src/runtime/ps-table.ts';

const output = `UID          PID    PPID  C STIME TTY          TIME CMD
root           1       0  0 Jan01 ?        00:00:02 /sbin/init splash
www-data      42       1  0 10:00 ?        00:00:00 nginx: worker process
`;

test('parsePs() keeps the container’s rows, and blanks in the last column', t => {
  const {titles, rows} = parsePs(output, [42, 7]);
  t.deepEqual(titles, ['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD']);
  t.deepEqual(rows, [['www-data', '42', '1', '0', '10:00', '?', '00:00:00', 'nginx: worker process']]);
});

test('parsePs() needs the column PID', t => {
  t.throws(() => parsePs('USER COMMAND\nroot sh\n', [1]), {message: "Couldn't find PID field in ps output"});
});

test('psArguments() splits, has a default and refuses to rename a column to PID', t => {
  t.deepEqual(psArguments(' '), ['-ef']);
  t.deepEqual(psArguments('-o pid,args  -w'), ['-o', 'pid,args', '-w']);
  t.throws(() => psArguments('-o ppid=PID'), {message: 'specifying "ppid=PID" is not allowed'});
  t.notThrows(() => psArguments('-o pid=PID'));
  t.throws(() => psArguments('-e\0f'), {message: 'ps: an option contains a NUL byte', code: 'ERR_BAD_REQUEST'});
});

test('readProcesses() says of this process what ps says', t => {
  const {titles, rows} = readProcesses([process.pid, 4_194_304]);
  t.is(rows.length, 1);
  t.is(rows[0]?.length, titles.length);
  t.is(rows[0]?.[1], String(process.pid));
  t.is(rows[0]?.[2], String(process.ppid));
  t.regex(rows[0]?.[6] ?? '', /^\d\d:\d\d:\d\d$/);
  t.regex(rows[0]?.at(-1) ?? '', /node/);
});
