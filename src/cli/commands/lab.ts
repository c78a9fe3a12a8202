import type {Command} from 'commander';
import type {Context} from '../context.ts';
import {registerApply} from '../lab/apply-command.ts';
import {registerAuthorCommands} from '../lab/author-commands.ts';
import {registerLabCapture} from '../lab/capture-command.ts';
import {registerExerciseCommands} from '../lab/exercise-commands.ts';
import {registerLabDoctor} from '../lab/lab-doctor.ts';
import {registerTopologyCommands} from '../lab/topology-commands.ts';

export function registerLab(program: Command, context: Context): void {
  const lab = program
    .command('lab')
    .description('topologies as files, and graded exercises on container networking')
    .enablePositionalOptions()
    .addHelpText('after', help);
  registerExerciseCommands(lab, context);
  registerTopologyCommands(lab, context);
  registerApply(lab, context);
  registerLabCapture(lab, context);
  registerAuthorCommands(lab, context);
  registerLabDoctor(lab, context);
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
