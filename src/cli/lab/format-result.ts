import type {CheckResult, LabResult, TaskResult} from '../../lab/results/result.ts';
import type {Output} from '../context.ts';
import {paint} from './paint.ts';

/** For people: every task, and of the first that fails what was expected and what was found. */
export function formatResult(result: LabResult, output: Output): string {
  const broken = result.guards.filter(({status}) => status === 'fail');
  if (broken.length > 0) return formatBroken(broken, output);
  const first = result.tasks.find(({status}) => status === 'fail');
  return [
    ...result.tasks.map(task => formatTask(task, output)),
    ...(first === undefined ? [] : ['', ...explain(first, output)]),
    '',
    `${result.earned} of ${result.points} points${result.status === 'pass' ? `: ${paint(output, 'green', 'passed')}` : ''}`,
  ].join('\n');
}

function formatTask({title, status, earned, points, checks}: TaskResult, output: Output): string {
  const sign = status === 'pass' ? paint(output, 'green', '✓') : paint(output, 'red', '✗');
  const done = checks.filter(each => each.status === 'pass').length;
  return `${sign} ${title}  ${paint(output, 'dim', `${earned}/${points} points, ${done} of ${checks.length} checks`)}`;
}

function explain({checks}: TaskResult, output: Output): readonly string[] {
  const failed = checks.find(({status}) => status === 'fail');
  if (failed === undefined) return [];
  return [
    `  ${paint(output, 'bold', 'expected')}  ${failed.expected}`,
    `  ${paint(output, 'bold', 'got')}       ${failed.got}`,
  ];
}

function formatBroken(guards: readonly CheckResult[], output: Output): string {
  return [
    paint(output, 'yellow', 'The lab itself is damaged, so nothing can be said about your answer:'),
    ...guards.map(({expected, got}) => `  expected  ${expected}\n  got       ${got}`),
    '`tnet lab reset` gives you a fresh one.',
  ].join('\n');
}
