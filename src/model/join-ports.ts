import type {PortMapping} from './port-mapping.ts';

/** Shorter runs stay apart: each of their ports can then be unpublished alone. */
const shortestRun = 16;

/**
 * Docker's clients take a range apart before they send it. Single ports whose host and container numbers go up together
 * become the range again, which costs the firewall one element; ranges come last.
 */
export function joinPorts(mappings: readonly PortMapping[]): readonly PortMapping[] {
  const runs = runsOf(mappings.filter(isSingle)).filter(({length}) => length >= shortestRun);
  const joined = new Set(runs.flat());
  return [...mappings.filter(mapping => !joined.has(mapping)), ...runs.map(run => ({...run[0]!, count: run.length}))];
}

function isSingle({hostPort, hostPortEnd, count}: PortMapping): boolean {
  return count === 1 && hostPort !== 0 && hostPortEnd === undefined;
}

function runsOf(singles: readonly PortMapping[]): readonly (readonly PortMapping[])[] {
  const runs: PortMapping[][] = [];
  const latest = new Map<string, PortMapping[]>();
  for (const mapping of singles.toSorted((a, b) => a.hostPort - b.hostPort)) {
    const {proto, hostIp, hostPort, containerPort} = mapping;
    const line = `${proto} ${hostIp} ${containerPort - hostPort}`;
    const run = latest.get(line);
    if (run?.at(-1)?.hostPort === hostPort - 1) run.push(mapping);
    else {
      const begun = [mapping];
      latest.set(line, begun);
      runs.push(begun);
    }
  }
  return runs;
}
