import {checkExercise} from '../../lab/exercise.ts';
import type {LabRecord} from '../../lab/labs.ts';
import {sysctlPath} from '../../lab/topology/parse-topology.ts';
import {watchLab} from '../../lab/watch-lab.ts';
import type {Context} from '../context.ts';
import {enterRawMode} from '../terminal.ts';
import {formatResult} from './format-result.ts';
import {exerciseOf, noteResult, printHint, printList, printWhy, reset, startNext} from './learner-actions.ts';
import {paint} from './paint.ts';

const keys = 'n next · h hint · w why · l list · r reset · q quit';
const clearScreen = '\x1b[H\x1b[2J';

/** Looks at the work again whenever something changes in the lab, until `q`, Ctrl-C or the end of the input. */
export async function watchExercise(context: Context, first: LabRecord): Promise<void> {
  const {stdin, stdout} = context.io;
  let record = first;
  let asked: string | null = null;
  const queue = createQueue();
  const look = async (): Promise<void> => {
    const result = await checkExercise(record, exerciseOf(record), {env: context.io.env, depth: 'first'});
    noteResult(context, result);
    if (stdout.isTTY) stdout.write(clearScreen);
    context.print(`${paint(stdout, 'dim', record.name)}\n${formatResult(result, stdout)}`);
    context.print(paint(stdout, 'dim', result.status === 'pass' ? `\npress n for the next one\n${keys}` : `\n${keys}`));
  };
  const watch = (): (() => void) =>
    watchLab({record, env: context.io.env, sysctls: sysctlsOf(record)}, () => queue.once('look', look));
  let stop = watch();
  const change = async (job: () => Promise<LabRecord | null>): Promise<void> => {
    stop();
    record = (await job()) ?? record;
    stop = watch();
  };
  const press: Readonly<Record<string, () => Promise<void>>> = {
    n: () => change(() => startNext(context)),
    h: () => printHint(context, record),
    w: () => printWhy(context, record),
    l: async () => printList(context),
    r: async () => {
      if (asked !== 'r') return context.print('r once more throws away what you did');
      await change(() => reset(context, record));
      await look();
    },
  };
  const leaveRawMode = enterRawMode(context.io);
  try {
    queue.once('look', look);
    await untilQuit(stdin, key => {
      const job = press[key];
      if (job === undefined) return;
      queue.add(async () => {
        await job();
        asked = asked === 'r' ? null : key;
      });
    });
  } finally {
    leaveRawMode();
    stop();
    await queue.idle();
  }
}

function sysctlsOf(record: LabRecord): readonly string[] {
  const {tasks, guards} = exerciseOf(record).scenario;
  const checks = [...guards, ...tasks.flatMap(task => task.checks)];
  return checks.flatMap(check => (check.type === 'sysctl' ? [sysctlPath(check.name)] : []));
}

/** One thing at a time; what is asked for again before it began happens once. */
function createQueue() {
  let last: Promise<void> = Promise.resolve();
  const waiting = new Set<string>();
  const add = (job: () => Promise<void>): void => {
    last = last.then(job).catch((error: Error) => console.error(error.message));
  };
  const once = (name: string, job: () => Promise<void>): void => {
    if (waiting.has(name)) return;
    waiting.add(name);
    add(() => {
      waiting.delete(name);
      return job();
    });
  };
  return {add, once, idle: () => last};
}

const ctrlC = '\x03';

function untilQuit(stdin: Context['io']['stdin'], onKey: (key: string) => void): Promise<void> {
  return new Promise<void>(resolve => {
    const take = (data: Buffer): void => {
      for (const key of data.toString())
        if (key === 'q' || key === ctrlC) resolve();
        else onKey(key);
    };
    stdin.on('data', take);
    stdin.once('end', () => resolve());
  }).then(() => void stdin.pause());
}
