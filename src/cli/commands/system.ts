import type {Command} from 'commander';
import type {Info} from '../../api/engine-types.ts';
import {logPath, socketPath} from '../../api/roots.ts';
import type {Context} from '../context.ts';

export function registerSystem(program: Command, context: Context): void {
  const system = program.command('system').description('about the daemon and its machine');
  system
    .command('info')
    .description('print what the daemon has and where')
    .option('--json', 'the whole answer as JSON')
    .addHelpText('after', '\nExamples:\n  tnet system info')
    .action(async ({json}: {json?: boolean}) => {
      const client = await context.connect();
      const info = await client.call<Info>('GET', '/info');
      context.print(json ? JSON.stringify(info) : formatInfo(info, context));
    });
}

function formatInfo(info: Info, context: Context): string {
  const roots = context.roots();
  const rows = {
    Containers: `${info.Containers} (${info.ContainersRunning} running, ${info.ContainersStopped} stopped)`,
    Images: String(info.Images),
    'Server version': info.ServerVersion,
    'State root': info.DockerRootDir,
    'Run root': roots.runRoot,
    Socket: socketPath(roots),
    Log: logPath(roots),
    Host: info.Name,
    'Operating system': info.OperatingSystem,
    Kernel: `${info.KernelVersion} ${info.Architecture}`,
    Cgroups: `v${info.CgroupVersion}`,
    CPUs: String(info.NCPU),
    Memory: `${(info.MemTotal / 1024 ** 3).toFixed(1)} GiB`,
  };
  return Object.entries(rows)
    .map(([name, value]) => `${`${name}:`.padEnd(18)}${value}`)
    .join('\n');
}
