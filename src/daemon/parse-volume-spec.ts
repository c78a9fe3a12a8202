import {
  type BindMount,
  cleanPath,
  type Mount,
  type Propagation,
  propagations,
  type VolumeMount,
} from '../model/mount.ts';
import {badRequest} from './failure.ts';

/** What a mode may say, one of each row at most (moby volume/mounts/linux_parser.go). SELinux labels and consistency do nothing here. */
const modeWords: readonly (readonly string[])[] = [
  ['rw', 'ro'],
  ['z', 'Z'],
  propagations,
  ['nocopy'],
  ['consistent', 'cached', 'delegated'],
];

/** `-v [source:]target[:mode]`. Throws ERR_BAD_REQUEST in Docker's words. */
export function parseVolumeSpec(spec: string): Mount {
  const [source, target, mode] = splitSpec(spec);
  const words = parseMode(mode);
  const path = checkTarget(source.startsWith('/') ? 'bind' : 'volume', target);
  const base = {target: path, readonly: words.has('ro'), mode};
  const propagation = propagations.find(each => words.has(each));
  if (source.startsWith('/')) {
    if (words.has('nocopy')) throw mountError('bind', 'field VolumeOptions must not be specified');
    return {...base, ...bindDefaults(source), propagation: propagation ?? 'rprivate', createSource: true};
  }
  if (propagation) throw mountError('volume', 'field BindOptions must not be specified');
  return {...base, ...volumeDefaults(source), populate: !words.has('nocopy')};
}

/** `rw,z` and the like, each word known, each group once. */
export function parseMode(mode: string): ReadonlySet<string> {
  const words = mode === '' ? [] : mode.split(',');
  const valid = words.every(word => modeWords.some(group => group.includes(word)));
  const once = modeWords.every(group => words.filter(word => group.includes(word)).length <= 1);
  if (valid && once) return new Set(words);
  throw badRequest(`invalid mode: ${mode}`);
}

/** The target of any mount: absolute, neither the root itself nor inside /proc, by whose files a container is confined (CVE-2019-16884). */
export function checkTarget(kind: string, target: string): string {
  if (target === '') throw mountError(kind, 'field Target must not be empty');
  if (!target.startsWith('/')) throw mountError(kind, `invalid mount path: '${target}' mount path must be absolute`);
  const path = cleanPath(target);
  if (path === '/') throw mountError(kind, "invalid specification: destination can't be '/'");
  if (`${path}/`.startsWith('/proc/')) throw mountError(kind, `"${path}" is inside /proc, which is the kernel's alone`);
  return path;
}

export function mountError(kind: string, reason: string): Error {
  return badRequest(`invalid mount config for type "${kind}": ${reason}`);
}

type Bind = Pick<BindMount, 'kind' | 'source' | 'recursion'> & {readonly propagation: Propagation};

export function bindDefaults(source: string): Bind {
  return {kind: 'bind', source: cleanPath(source), recursion: 'enabled', propagation: 'rprivate'};
}

export function volumeDefaults(name: string): Omit<VolumeMount, 'target' | 'readonly' | 'mode'> {
  const anonymous = name === '';
  return {kind: 'volume', name: checkVolumeName(name), anonymous, populate: true, subpath: '', labels: {}, options: {}};
}

/** moby volume/local: a name is a directory of ours. '' is an anonymous one. */
export function checkVolumeName(name: string): string {
  if (name.length === 1)
    throw badRequest('volume name is too short, names should be at least two alphanumeric characters');
  if (name === '' || (/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name) && name.length <= 255)) return name;
  throw badRequest(
    `create ${name}: "${name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`,
  );
}

function splitSpec(spec: string): readonly [source: string, target: string, mode: string] {
  const parts = spec.split(':');
  const bad = badRequest(`invalid volume specification: '${spec}'`);
  if (parts.length > 3 || parts.some(part => part === '')) throw bad;
  if (parts.length === 1) return ['', parts[0]!, ''];
  if (parts.length === 3) return [parts[0]!, parts[1]!, parts[2]!];
  if (isMode(parts[1]!)) throw bad; // `/data:ro`: a target and a mode, but no source
  return [parts[0]!, parts[1]!, ''];
}

function isMode(text: string): boolean {
  return text.split(',').every(word => modeWords.some(group => group.includes(word)));
}
