import type {Command} from 'commander';
import {socketPath} from '../../api/roots.ts';
import type {Context} from '../context.ts';
import {dockerPlugins, removeDockerSpec, writeDockerSpec} from '../docker-spec.ts';
import {
  cniNames,
  type Links,
  linkPlugins,
  netavarkNames,
  netavarkPluginNames,
  ociNames,
  pluginPath,
  unlinkPlugins,
} from '../plugin-links.ts';

interface Folders {
  readonly cni?: string;
  readonly netavark?: string;
  readonly netavarkPlugin?: string;
  readonly oci?: string;
  /** true: the option without a folder. */
  readonly docker?: string | true;
}

interface InstallOptions extends Folders {
  readonly force?: boolean;
}

const directories = [
  ['--cni <dir>', 'folder of CNI plugins (default, without another: /opt/cni/bin)'],
  ['--netavark <dir>', "folder of podman's helper_binaries_dir"],
  ['--netavark-plugin <dir>', 'one of podman\'s netavark_plugin_dirs: driver "tnet" for its own netavark'],
  ['--oci <dir>', "folder for bundles' hooks to name"],
  ['--docker [dir]', `where dockerd looks for its driver "tnet" (without a folder: ${dockerPlugins})`],
] as const;

function linksOf({cni, netavark, netavarkPlugin, oci, docker}: Folders): readonly Links[] {
  const other = netavark ?? netavarkPlugin ?? oci ?? docker;
  const folder = cni ?? (other === undefined ? '/opt/cni/bin' : undefined);
  const all = [
    {dir: folder, names: cniNames},
    {dir: netavark, names: netavarkNames},
    {dir: netavarkPlugin, names: netavarkPluginNames},
    {dir: oci, names: ociNames},
  ];
  return all.flatMap(({dir, names}) => (dir === undefined ? [] : [{dir, names}]));
}

const specFolders = ({docker}: Folders): readonly string[] =>
  docker === undefined ? [] : [docker === true ? dockerPlugins : docker];

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
  tnet plugin install --docker && docker network create -d tnet --ipam-driver tnet shop
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
      const found = force ? 'replace' : 'refuse';
      const socket = socketPath(context.roots());
      const made = [
        ...linksOf(folders).flatMap(links => linkPlugins(links, pluginPath(), found)),
        ...specFolders(folders).flatMap(dir => writeDockerSpec(dir, socket, found)),
      ];
      for (const path of made) context.print(path);
    });
  command('uninstall', 'take these links back').action((folders: Folders) => {
    const removed = [...linksOf(folders).flatMap(unlinkPlugins), ...specFolders(folders).flatMap(removeDockerSpec)];
    for (const path of removed) context.print(path);
  });
}
