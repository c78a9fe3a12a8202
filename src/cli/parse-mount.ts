import {resolve} from 'node:path';
import type {MountCreate} from '../api/storage-types.ts';
import {parseSize} from './parse.ts';

type Draft = {-readonly [K in keyof MountCreate]: MountCreate[K]};
type Setter = (mount: Draft, value: string) => void;

/** `type=bind,source=…,target=…,readonly,…`, a line of CSV as Docker's `--mount`. Throws SyntaxError in Docker's words. */
export function parseMount(text: string): MountCreate {
  const mount: Draft = {Type: 'volume'};
  for (const field of splitCsv(text)) setField(mount, field);
  checkGroups(mount, text);
  return mount;
}

function setField(mount: Draft, field: string): void {
  const at = field.indexOf('=');
  const key = (at < 0 ? field : field.slice(0, at)).toLowerCase();
  const setter = Object.hasOwn(setters, key) ? setters[key] : undefined;
  if (at < 0 && !flags.has(key)) throw new SyntaxError(`invalid field '${field}' must be a key=value pair`);
  if (setter === undefined) throw new SyntaxError(`unexpected key '${key}' in '${field}'`);
  setter(mount, at < 0 ? 'true' : field.slice(at + 1));
}

const flags = new Set(['readonly', 'ro', 'volume-nocopy', 'bind-nonrecursive', 'bind-create-src']);

const setters: Readonly<Record<string, Setter>> = {
  type: (mount, value) => set(mount, {Type: value.toLowerCase()}),
  source: setSource,
  src: setSource,
  target: setTarget,
  dst: setTarget,
  destination: setTarget,
  readonly: setReadonly,
  ro: setReadonly,
  consistency: (mount, value) => set(mount, {Consistency: value.toLowerCase()}),
  'bind-propagation': (mount, value) => setBind(mount, {Propagation: value.toLowerCase()}),
  'bind-nonrecursive': (mount, value) => setBind(mount, {NonRecursive: parseFlag('bind-nonrecursive', value)}),
  'bind-create-src': (mount, value) => setBind(mount, {CreateMountpoint: parseFlag('bind-create-src', value)}),
  'bind-recursive': setRecursive,
  'volume-subpath': (mount, value) => setVolume(mount, {Subpath: value}),
  'volume-nocopy': (mount, value) => setVolume(mount, {NoCopy: parseFlag('volume-nocopy', value)}),
  'volume-label': (mount, value) =>
    setVolume(mount, {Labels: {...mount.VolumeOptions?.Labels, ...Object.fromEntries([splitPair(value)])}}),
  'volume-driver': (mount, value) =>
    setVolume(mount, {DriverConfig: {...mount.VolumeOptions?.DriverConfig, Name: value}}),
  'volume-opt': setVolumeOption,
  'tmpfs-size': (mount, value) => setTmpfs(mount, {SizeBytes: parseSize(value)}),
  'tmpfs-mode': (mount, value) => {
    if (!/^[0-7]{1,5}$/.test(value)) throw new SyntaxError(`invalid value for tmpfs-mode: ${value}`);
    setTmpfs(mount, {Mode: Number.parseInt(value, 8)});
  },
};

function set(mount: Draft, fields: Partial<MountCreate>): void {
  Object.assign(mount, fields);
}

function setTmpfs(mount: Draft, options: MountCreate['TmpfsOptions']): void {
  mount.TmpfsOptions = {...mount.TmpfsOptions, ...options};
}

function setSource(mount: Draft, value: string): void {
  mount.Source = /^\.\.?(\/|$)/.test(value) ? resolve(value) : value;
}

function setTarget(mount: Draft, value: string): void {
  mount.Target = value;
}

function setReadonly(mount: Draft, value: string): void {
  mount.ReadOnly = parseFlag('readonly', value);
}

function setBind(mount: Draft, options: MountCreate['BindOptions']): void {
  mount.BindOptions = {...mount.BindOptions, ...options};
}

function setVolume(mount: Draft, options: MountCreate['VolumeOptions']): void {
  mount.VolumeOptions = {...mount.VolumeOptions, ...options};
}

function setVolumeOption(mount: Draft, value: string): void {
  const config = mount.VolumeOptions?.DriverConfig;
  const options = {...config?.Options, ...Object.fromEntries([splitPair(value)])};
  setVolume(mount, {DriverConfig: {...config, Options: options}});
}

function setRecursive(mount: Draft, value: string): void {
  if (value === 'enabled') return;
  if (value === 'disabled') setBind(mount, {NonRecursive: true});
  else if (value === 'writable') setBind(mount, {ReadOnlyNonRecursive: true});
  else if (value === 'readonly') setBind(mount, {ReadOnlyForceRecursive: true});
  else
    throw new SyntaxError(
      `invalid value for bind-recursive: ${value} (must be "enabled", "disabled", "writable", or "readonly")`,
    );
}

function checkGroups(mount: Draft, text: string): void {
  if (mount.Target === undefined) throw new SyntaxError(`target is required in '${text}'`);
  const wrong = [
    ['bind-*', 'bind', mount.BindOptions],
    ['volume-*', 'volume', mount.VolumeOptions],
    ['tmpfs-*', 'tmpfs', mount.TmpfsOptions],
  ].find(([, type, options]) => options !== undefined && mount.Type !== type);
  if (wrong) throw new SyntaxError(`cannot mix '${String(wrong[0])}' options with mount type '${mount.Type}'`);
}

function parseFlag(name: string, value: string): boolean {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(value)) return true;
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(value)) return false;
  throw new SyntaxError(`invalid value for ${name}: ${value}`);
}

function splitPair(text: string): [string, string] {
  const at = text.indexOf('=');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** Fields of one line of CSV: a field in double quotes may hold commas, and `""` is a quote (RFC 4180). */
function splitCsv(line: string): readonly string[] {
  const fields = line.match(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)?.slice(0, -1) ?? [];
  const whole = line.endsWith(',') ? [...fields] : fields;
  return whole
    .map(field => field.replace(/,$/, ''))
    .map(field => (field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field));
}
