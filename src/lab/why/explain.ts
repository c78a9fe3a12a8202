import {execFile} from 'node:child_process';
import {promisify} from 'node:util';
import {labPath, loadNative} from '../../kernel/native.ts';
import {createTracer} from '../../kernel/trace/tracer.ts';
import type {TraceReport} from '../../model/trace.ts';
import {tellStory} from '../../network/trace/story.ts';
import {openEyes} from '../eyes/open-eyes.ts';
import type {LabRecord} from '../labs.ts';
import {namespaceOf} from '../place.ts';
import {hostNode} from '../topology/topology.ts';
import type {UpSpec} from '../up.ts';
import {planWhy, type WhyPlan} from './plan-why.ts';
import type {WhyProbe} from './probe-of.ts';

const patienceMs = 20_000;

/** Sends a check's packet once more, followed by the engine of `tnet trace`, which has to stand on the lab's host: in a process of its own. */
export async function explain(
  record: LabRecord,
  probe: WhyProbe,
  {env, tnet}: Pick<UpSpec, 'env' | 'tnet'>,
): Promise<TraceReport> {
  const plan = planWhy(probe, {
    topology: record.topology,
    pathOf: node => (node === hostNode ? '' : namespaceOf(record.pid, node)),
    addresses: addressesIn(record, env),
  });
  const words = ['net', `${record.pid}`, ...tnet, 'lab', 'trace-packet', JSON.stringify(plan)];
  const {stdout} = await promisify(execFile)(labPath(), words, {timeout: patienceMs, env: env as NodeJS.ProcessEnv});
  return JSON.parse(stdout) as TraceReport;
}

/** The other half, on the lab's host. */
export async function tracePacket({spec, names}: WhyPlan): Promise<TraceReport> {
  const facts = await createTracer(loadNative()).trace(spec, AbortSignal.timeout(patienceMs));
  return tellStory(facts, {containers: new Map(names), internal: new Set(), daemonPid: process.pid});
}

function addressesIn(record: LabRecord, env: UpSpec['env']) {
  const eyes = openEyes(record, env);
  try {
    const nodes = [hostNode, ...record.topology.nodes.map(({name}) => name).filter(name => name !== hostNode)];
    return nodes
      .filter(eyes.exists)
      .flatMap(node => eyes.addresses(node).flatMap(({address, scope}) => (scope === 0 ? [{node, address}] : [])));
  } finally {
    eyes.close();
  }
}
