import type {Scenario} from '../scenario/parse-scenario.ts';
import type {LabResult} from './result.ts';

/** Of the first task that fails: hints about what is seen come first, then the others, the `nth` that was asked for; the last again when there is no more. */
export function chooseHint({tasks}: Scenario, result: LabResult, nth: number): string | null {
  const failing = result.tasks.find(({status}) => status === 'fail');
  const task = tasks.find(({id}) => id === failing?.id);
  if (failing === undefined || task === undefined) return null;
  const seen = task.hints.flatMap(hint => {
    if (typeof hint === 'string') return [];
    const check = failing.checks.find(({id}) => id === hint.when.check);
    const matches =
      check?.status === 'fail' && (hint.when.got === undefined || String(hint.when.got) === check.observed);
    return matches ? [hint.text] : [];
  });
  const texts = [...seen, ...task.hints.filter(hint => typeof hint === 'string')];
  return texts[Math.min(nth, texts.length - 1)] ?? null;
}
