import {styleText} from 'node:util';
import type {DoctorMended, DoctorReport, FindingJson, Severity} from '../api/doctor-types.ts';
import type {Output} from './context.ts';
import {wrap} from './wrap.ts';

const titles = {error: 'Errors', warning: 'Warnings', note: 'Notes'} as const;
const colours = {error: 'red', warning: 'yellow', note: 'cyan'} as const;
const width = 80;
const indent = ' '.repeat(6);

/** What was done, then findings by severity and object: what, why, and the way out. */
export function formatReport(report: DoctorReport | DoctorMended, output: Pick<Output, 'isTTY'>): string {
  const done = 'Done' in report ? doneLines(report.Done) : [];
  const groups = (['error', 'warning', 'note'] as const).flatMap(severity => group(severity, report.Findings, output));
  const blocks = [...done, ...groups];
  if (report.Findings.length === 0 && report.Incomplete === undefined) blocks.push('Everything is as it should be.');
  return blocks.join('\n');
}

function doneLines(done: readonly string[]): readonly string[] {
  return done.length === 0 ? ['Nothing was to be repaired.', ''] : ['Done:', ...done.map(line => `  ${line}`), ''];
}

function group(severity: Severity, all: readonly FindingJson[], {isTTY}: Pick<Output, 'isTTY'>): readonly string[] {
  const findings = all.filter(each => each.severity === severity);
  if (findings.length === 0) return [];
  const title = `${titles[severity]} (${findings.length})`;
  const objects = [...new Set(findings.map(({object}) => object))];
  return [
    isTTY ? styleText([colours[severity], 'bold'], title) : title,
    ...objects.flatMap(object => [
      `  ${isTTY ? styleText('bold', object) : object}`,
      ...explainOnce(findings.filter(each => each.object === object)),
    ]),
    '',
  ];
}

/** Why and fix stand once for findings of one kind that share them. */
function explainOnce(findings: readonly FindingJson[]): readonly string[] {
  return findings.flatMap((each, i) => {
    const next = findings[i + 1];
    const shared = next !== undefined && next.id === each.id && next.fix === each.fix;
    const what = wrap(`${each.what} [${each.id}]`, {width, first: '    - ', rest: indent});
    const lines = (text: string): readonly string[] => wrap(text, {width, first: indent, rest: indent});
    return shared ? what : [...what, ...lines(each.why), ...lines(`Fix: ${each.fix}`)];
  });
}
