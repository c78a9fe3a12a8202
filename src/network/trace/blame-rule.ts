import type {ChainRun} from '../../kernel/trace/chain-run.ts';
import type {DirectedRun, TraceFacts} from '../../kernel/trace/facts.ts';
import {type Judgement, judgement} from './judgement.ts';
import type {Names} from './names.ts';
import {explainRule} from './rule-reasons.ts';

/** A chain of nf_tables has dropped the packet, or its answer: ours are explained, others' are named. */
export function byRule(facts: TraceFacts, {ns, direction, run}: DirectedRun, names: Names): Judgement {
  const {spec, arrival, answer} = facts;
  const hit = run.hits.at(-1);
  const where = `nft ${run.family} ${run.table} ${run.chain}`;
  const rule =
    run.by === 'policy' ? 'the policy of the chain' : `rule ${hit?.handle}: ${hit?.text ?? 'gone meanwhile'}`;
  const rejects = run.by === 'rule' && /\b(reject|REJECT)\b/.test(hit?.text ?? '');
  const scene = {
    from: names.ns(spec.from),
    to: names.containers.get(arrival.ns ?? '') ?? null,
    port: arrival.port,
    proto: spec.proto,
  };
  const ours =
    run.table === 'tnet' && run.family === 'inet' && hit?.comment != null ? explainRule(hit.comment, scene) : null;
  const what = direction === 'back' ? ': the answer, on' : ' on';
  const named = ours === null ? rule : `"${hit!.comment}"`;
  const told = rejects && answer.kind !== 'silence' ? 'rejected' : 'dropped';
  return judgement(
    told,
    `${what} ${names.ns(ns)} by ${where}: ${named}`,
    ours?.because ?? foreign(run),
    ours?.fix ?? removal(run),
  );
}

function foreign({table, by}: ChainRun): string | null {
  if (table === 'tnet') return null;
  const what = by === 'policy' ? 'lets nothing through that it has no rule for' : 'has a rule for it';
  return `another program's table ${what}; an accept of tnet's does not overrule a drop there`;
}

function removal({family, table, chain, by, hits}: ChainRun): string | null {
  if (table === 'tnet') return null;
  const handle = hits.at(-1);
  if (by === 'policy')
    return `allow it there: nft add rule ${family} ${table} ${chain} … accept, or ask whose table it is`;
  return `look at it: nft -a list chain ${family} ${table} ${handle?.chain ?? chain} (handle ${handle?.handle})`;
}
