import type {TraceFacts} from '../../kernel/trace/facts.ts';
import type {TraceOutcome, TraceReport} from '../../model/trace.ts';
import type {Names} from './names.ts';

export type Judgement = Pick<TraceReport, 'outcome' | 'summary' | 'because' | 'fix'>;

/** `summary` continues the outcome's word. */
export const judgement = (
  outcome: TraceOutcome,
  summary: string,
  because?: string | null,
  fix?: string | null,
): Judgement => ({
  outcome,
  summary: `${outcome}${summary}`,
  because: because ?? null,
  fix: fix ?? null,
});

/** `web (nginx, pid 123)` */
export function receiver({arrival, sockets}: TraceFacts, names: Names): string {
  const [owner] = sockets.find(({takes}) => takes)?.owners ?? [];
  const place = arrival.ns === null ? arrival.address : names.ns(arrival.ns);
  return owner === undefined ? place : `${place} (${owner.command}, pid ${owner.pid})`;
}
