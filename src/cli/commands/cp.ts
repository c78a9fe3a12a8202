import type {Command} from 'commander';
import type {Context} from '../context.ts';
import {type CopyOptions, copyFromContainer, copyToContainer} from '../copy.ts';

const examples = `
Examples:
  tnet cp ./site web:/srv
  tnet cp web:/etc/hosts .
  tnet cp web:/var/log - | tar t`;

export function registerCp(program: Command, context: Context): void {
  program
    .command('cp')
    .description('copy files between a container and here; - is a tar archive by stdin or stdout')
    .argument('<source>', 'container:path, a path here or -')
    .argument('<target>', 'the same')
    .option('-a, --archive', 'keep owners')
    .option('-L, --follow-link', 'copy what a link leads to')
    .addHelpText('after', examples)
    .action((source: string, target: string, options: CopyOptions) => copy(source, target, {...options, context}));
}

async function copy(source: string, target: string, options: CopyOptions & {readonly context: Context}): Promise<void> {
  const [from, to] = [splitPlace(source), splitPlace(target)];
  if (from && to) throw new SyntaxError('copying between containers is not supported');
  if (from) return copyFromContainer(from, target, options);
  if (to) return copyToContainer(source, to, options);
  throw new SyntaxError('must specify at least one container source');
}

/** `container:path`; null is a path here: one that begins with `/` or `.`, or has no colon. */
function splitPlace(text: string): {readonly container: string; readonly path: string} | null {
  const at = text.indexOf(':');
  if (at < 1 || /^[./]/.test(text)) return null;
  const path = text.slice(at + 1);
  return {container: text.slice(0, at), path: path.startsWith('/') ? path : `/${path}`};
}
