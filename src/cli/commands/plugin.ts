import type {Command} from 'commander';
import type {Context} from '../context.ts';
import {
  cniNames,
  type Links,
  linkPlugins,
  netavarkNames,
  ociNames,
  pluginPath,
  unlinkPlugins,
} from '../plugin-links.ts';

interface Folders {
  readonly cni?: string;
  readonly netavark?: string;
  readonly oci?: string;
}

interface InstallOptions extends Folders {
  readonly force?: boolean;
}

const directories = [
  ['--cni <dir>', 'folder of CNI plugins (default, without another: /opt/cni/bin)'],
  ['--netavark <dir>', "folder of podman's helper_binaries_dir"],
  ['--oci <dir>', "folder for bundles' hooks to name"],
] as const;

function linksOf({cni, netavark, oci}: Folders): readonly Links[] {
  const folder = cni ?? (netavark === undefined && oci === undefined ? '/opt/cni/bin' : undefined);
  const all = [
    {dir: folder, names: cniNames},
    {dir: netavark, names: netavarkNames},
    {dir: oci, names: ociNames},
  ];
  return all.flatMap(({dir, names}) => (dir === undefined ? [] : [{dir, names}]));
}

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
  tnet plugin install --netavark /usr/local/lib/podman --oci /usr/local/lib/tnet
  tnet plugin uninstall --cni /usr/lib/cni`;

export function registerPlugin(program: Command, context: Context): void {
  const plugin = program.command('plugin').description('be the network plugin of other runtimes');
  const command = (name: string, description: string): Command => {
    const made = plugin.command(name).description(description).addHelpText('after', after);
    for (const [flags, what] of directories) made.option(flags, what);
    return made;
  };
  command('install', 'link tnet-plugin under the names of what it stands in for')
    .option('--force', 'replace plugins that are there')
    .action(({force, ...folders}: InstallOptions) => {
      for (const links of linksOf(folders))
        for (const path of linkPlugins(links, pluginPath(), force ? 'replace' : 'refuse')) context.print(path);
    });
  command('uninstall', 'take these links back').action((folders: Folders) => {
    for (const links of linksOf(folders)) for (const path of unlinkPlugins(links)) context.print(path);
  });
}
