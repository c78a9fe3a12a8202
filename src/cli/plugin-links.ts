import {existsSync, lstatSync, mkdirSync, readlinkSync, realpathSync, rmSync, symlinkSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {TnetError} from '../errors.ts';

/** The reference plugins that we stand in for (src/daemon/plugins/cni/plugins.ts), and ours; a test keeps the two lists the same. */
export const cniNames: readonly string[] = [
  'tnet',
  'tnet-cni',
  'bridge',
  'ptp',
  'host-device',
  'macvlan',
  'ipvlan',
  'vlan',
  'tap',
  'host-local',
  'static',
  'loopback',
  'portmap',
  'bandwidth',
  'firewall',
  'tuning',
  'sbr',
];

/** podman serves names where it finds aardvark-dns, too; it does not start it. */
export const netavarkNames: readonly string[] = ['netavark', 'aardvark-dns'];
/** netavark calls a plugin by the name of the network's driver. */
export const netavarkPluginNames: readonly string[] = ['tnet'];
export const ociNames: readonly string[] = ['tnet-oci-hook'];

/** Names in one folder. */
export interface Links {
  readonly dir: string;
  readonly names: readonly string[];
}

/** The executable, which lies next to the addon: in a clone's build/, in a package's prebuilds/. Throws ERR_UNSUPPORTED. */
export function pluginPath(): string {
  const places = ['build/Release', `prebuilds/linux-${process.arch}`].map(place => join(place, 'tnet-plugin'));
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const found = places.map(place => join(folder, place)).find(existsSync);
    if (found !== undefined) return realpathSync(found);
    if (folder === dirname(folder))
      throw new TnetError('ERR_UNSUPPORTED', 'Cannot find tnet-plugin: run `npm run build`');
  }
}

/**
 * Links in `dir`; what stands there under the same names is replaced with `replace` alone, and nothing is linked when one may not be.
 * Returns those made. Throws ERR_CONFLICT.
 */
export function linkPlugins({dir, names}: Links, target: string, found: 'replace' | 'refuse'): readonly string[] {
  mkdirSync(dir, {recursive: true});
  const paths = names.map(name => join(dir, name)).filter(path => linkTarget(path) !== target);
  const foreign = paths.filter(path => isThere(path) && !isOurs(path));
  if (foreign.length > 0 && found === 'refuse')
    throw new TnetError(
      'ERR_CONFLICT',
      `Cannot link plugins: ${foreign.join(', ')} are there already; give another directory, or --force to replace them`,
    );
  for (const path of paths) {
    rmSync(path, {force: true});
    symlinkSync(target, path);
  }
  return paths;
}

/** Takes our own links back, and nothing else. Returns those removed. */
export function unlinkPlugins({dir, names}: Links): readonly string[] {
  const paths = names.map(name => join(dir, name)).filter(isOurs);
  for (const path of paths) rmSync(path);
  return paths;
}

function isThere(path: string): boolean {
  return lstatSync(path, {throwIfNoEntry: false}) !== undefined;
}

/** Also one of another version or clone. */
const isOurs = (path: string): boolean => linkTarget(path)?.endsWith('/tnet-plugin') ?? false;

function linkTarget(path: string): string | null {
  return lstatSync(path, {throwIfNoEntry: false})?.isSymbolicLink() ? readlinkSync(path) : null;
}
