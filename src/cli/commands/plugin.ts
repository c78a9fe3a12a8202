import type {Command} from 'commander';
import type {Context} from '../context.ts';
import {linkPlugins, pluginPath, unlinkPlugins} from '../plugin-links.ts';

interface InstallOptions {
  readonly cni: string;
  readonly force?: boolean;
}

const directory = ['--cni <dir>', 'folder of CNI plugins', '/opt/cni/bin'] as const;

const sample = `{
  "cniVersion": "1.0.0",
  "cniVersions": ["0.4.0", "1.0.0", "1.1.0"],
  "name": "tnet",
  "plugins": [
    {
      "type": "bridge", "bridge": "cni-tnet", "isGateway": true, "ipMasq": true, "hairpinMode": true,
      "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.88.0.0/16"}]], "routes": [{"dst": "0.0.0.0/0"}]}
    },
    {"type": "portmap", "capabilities": {"portMappings": true}},
    {"type": "firewall"},
    {"type": "tuning"}
  ]
}`;

const after = `
The other runtimes' configurations stay as they are. One to begin with, as /etc/cni/net.d/10-tnet.conflist:
${sample}

Examples:
  tnet plugin install
  tnet plugin install --cni /usr/lib/cni --force
  tnet plugin uninstall --cni /usr/lib/cni`;

export function registerPlugin(program: Command, context: Context): void {
  const plugin = program.command('plugin').description('be the network plugin of other runtimes');
  plugin
    .command('install')
    .description('link tnet-plugin under the names of the CNI plugins it stands in for')
    .option(...directory)
    .option('--force', 'replace plugins that are there')
    .addHelpText('after', after)
    .action(({cni, force}: InstallOptions) => {
      for (const path of linkPlugins(cni, pluginPath(), force ? 'replace' : 'refuse')) context.print(path);
    });
  plugin
    .command('uninstall')
    .description('take these links back')
    .option(...directory)
    .addHelpText('after', after)
    .action(({cni}: InstallOptions) => {
      for (const path of unlinkPlugins(cni)) context.print(path);
    });
}
