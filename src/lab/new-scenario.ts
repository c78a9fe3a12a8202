import {basename} from 'node:path';

/** The files of an exercise that an author begins with, by name. */
export function scenarioParts(folder: string): Readonly<Record<string, string>> {
  const [, order = '0', id = basename(folder)] = /^(\d+)-(.+)$/.exec(basename(folder)) ?? [];
  return {
    'scenario.yaml': scenario(id, Number(order)),
    'topology.yaml': `name: ${id}\nnetworks:\n  lan: {subnet: 10.0.0.0/24}\nnodes:\n  c[1-2]: {net: lan}\n`,
    'README.md': `# TITLE\n\nWhat is the goal, what does the lab look like, where to look. Never the command.\n`,
    'solution.sh': '# on: c1\ntrue\n',
    'solution.md': 'What was wrong, and why this repairs it.\n',
    'wrong/typical.sh': '# expect-fail: reachable\n# on: c1\ntrue\n',
  };
}

function scenario(id: string, order: number): string {
  return `apiVersion: tnet/lab/v1
id: ${id}
title: TITLE
track: basics
order: ${order}
level: 1
minutes: 10
tasks:
  - id: task
    title: c1 reaches c2
    points: 1
    checks:
      - {type: reachable, from: c1, to: 10.0.0.3}
    hints:
      - "A question that makes people look at the right place."
`;
}
