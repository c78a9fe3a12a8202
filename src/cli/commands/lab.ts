import type {Command} from 'commander';
import type {Register} from '../catalog.ts';

/** A lab has to be quick: what reads YAML, looks into packets or knows all checks is only evaluated for the commands that need it. */
const parts: readonly {readonly names: readonly string[]; readonly load: () => Promise<Register>}[] = [
  {
    names: [
      'trace-packet',
      'list',
      'start',
      'next',
      'check',
      'answer',
      'hint',
      'why',
      'solution',
      'solve',
      'reset',
      'stop',
      'progress',
    ],
    load: async () => (await import('../lab/exercise-commands.ts')).registerExerciseCommands,
  },
  {names: ['down'], load: async () => (await import('../lab/down-command.ts')).registerDown},
  {
    names: ['up', 'inspect', 'exec', 'shell', 'graph', 'matrix', 'impair'],
    load: async () => (await import('../lab/topology-commands.ts')).registerTopologyCommands,
  },
  {names: ['apply', 'restart'], load: async () => (await import('../lab/apply-command.ts')).registerApply},
  {names: ['capture'], load: async () => (await import('../lab/capture-command.ts')).registerLabCapture},
  {
    names: ['new', 'lint', 'verify'],
    load: async () => (await import('../lab/author-commands.ts')).registerAuthorCommands,
  },
  {names: ['doctor'], load: async () => (await import('../lab/lab-doctor.ts')).registerLabDoctor},
];

/** Registers `tnet lab` with the part that `sub` is in; with all of them where that is none. */
export async function labRegister(sub: string | undefined): Promise<Register> {
  const mine = parts.filter(({names}) => sub !== undefined && names.includes(sub));
  const registers = await Promise.all((mine.length > 0 ? mine : parts).map(({load}) => load()));
  return (program, context) => {
    const lab = labCommand(program);
    for (const register of registers) register(lab, context);
  };
}

function labCommand(program: Command): Command {
  return program
    .command('lab')
    .description('topologies as files, and graded exercises on container networking')
    .enablePositionalOptions()
    .addHelpText('after', help);
}

const help = `
Examples:
  tnet lab list
  tnet lab start netns
  tnet lab shell
  tnet lab check
  tnet lab up topology.yaml
  tnet lab apply topology.yaml
  tnet lab exec c1 ip addr
  tnet lab capture c1 icmp`;
