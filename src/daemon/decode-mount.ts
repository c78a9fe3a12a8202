import * as v from 'valibot';
import {
  type BindMount,
  cleanPath,
  type Mount,
  propagations,
  type TmpfsMount,
  type VolumeMount,
} from '../model/mount.ts';
import {parseTmpfsOptions} from './parse-tmpfs-options.ts';
import {bindDefaults, checkTarget, mountError, volumeDefaults} from './parse-volume-spec.ts';
import {anything, isEmpty, refuseUnsupported} from './unsupported.ts';
import {labels, natural, orNull, text} from './validate.ts';

const flag = orNull(v.boolean());

/** An entry of HostConfig.Mounts, what `--mount` becomes. */
export const mountFields = v.looseObject({
  Type: orNull(text),
  Source: orNull(text),
  Target: orNull(text),
  ReadOnly: flag,
  BindOptions: orNull(
    v.looseObject({
      Propagation: orNull(text),
      NonRecursive: flag,
      CreateMountpoint: flag,
      ReadOnlyNonRecursive: flag,
      ReadOnlyForceRecursive: flag,
    }),
  ),
  VolumeOptions: orNull(
    v.looseObject({
      NoCopy: flag,
      Labels: orNull(labels),
      Subpath: orNull(text),
      DriverConfig: orNull(v.looseObject({Name: orNull(text), Options: orNull(labels)})),
    }),
  ),
  TmpfsOptions: orNull(
    v.looseObject({SizeBytes: orNull(natural), Mode: orNull(natural), Options: orNull(v.array(v.array(text)))}),
  ),
});

type MountFields = v.InferOutput<typeof mountFields>;

const known = Object.fromEntries(
  ['Type', 'Source', 'Target', 'ReadOnly', 'BindOptions', 'VolumeOptions', 'TmpfsOptions', 'Consistency'].map(name => [
    name,
    anything,
  ]),
);

/** Throws ERR_BAD_REQUEST in Docker's words (moby volume/mounts/linux_parser.go). */
export function decodeMount(fields: MountFields): Mount {
  refuseUnsupported(fields, known, 'HostConfig.Mounts.');
  const kind = fields.Type ?? '';
  const decode = Object.hasOwn(decoders, kind) ? decoders[kind as keyof typeof decoders] : undefined;
  if (decode === undefined) throw mountError(kind, 'mount type unknown');
  const base = {target: checkTarget(kind, fields.Target ?? ''), readonly: fields.ReadOnly ?? false, mode: ''};
  return {...base, ...decode(fields)};
}

const decoders = {bind: decodeBind, volume: decodeVolume, tmpfs: decodeTmpfs} as const;
type Own<T> = Omit<T, 'target' | 'readonly' | 'mode'>;

function decodeBind({Source, ReadOnly, BindOptions, VolumeOptions, TmpfsOptions}: MountFields): Own<BindMount> {
  refuseGiven('bind', {VolumeOptions, TmpfsOptions});
  if (!Source) throw mountError('bind', 'field Source must not be empty');
  if (!Source.startsWith('/')) throw mountError('bind', `invalid mount path: '${Source}' mount path must be absolute`);
  const options = BindOptions ?? {};
  const recursion = recursionOf(options);
  const asked = options.Propagation ?? '';
  const propagation = asked === '' ? 'rprivate' : propagations.find(each => each === asked);
  if (propagation === undefined) throw mountError('bind', `invalid propagation mode: ${asked}`);
  if (recursion === 'readonly' && (!ReadOnly || propagation !== 'rprivate'))
    throw mountError('bind', 'ReadOnlyForceRecursive requires ReadOnly and propagation rprivate');
  return {...bindDefaults(Source), propagation, recursion, createSource: options.CreateMountpoint ?? false};
}

function recursionOf(options: NonNullable<MountFields['BindOptions']>): BindMount['recursion'] {
  if (options.NonRecursive) return 'disabled';
  if (options.ReadOnlyForceRecursive) return 'readonly';
  return options.ReadOnlyNonRecursive ? 'writable' : 'enabled';
}

function decodeVolume({Source, ReadOnly, BindOptions, VolumeOptions, TmpfsOptions}: MountFields): Own<VolumeMount> {
  refuseGiven('volume', {BindOptions, TmpfsOptions});
  if (!Source && ReadOnly) throw mountError('volume', 'must not set ReadOnly mode when using anonymous volumes');
  const {NoCopy, Labels, Subpath, DriverConfig} = VolumeOptions ?? {};
  if (DriverConfig?.Name && DriverConfig.Name !== 'local')
    throw mountError(
      'volume',
      `error looking up volume plugin ${DriverConfig.Name}: plugin "${DriverConfig.Name}" not found`,
    );
  return {
    ...volumeDefaults(Source ?? ''),
    populate: !NoCopy && !Subpath,
    subpath: checkSubpath(Subpath ?? ''),
    labels: Labels ?? {},
    options: DriverConfig?.Options ?? {},
  };
}

function checkSubpath(subpath: string): string {
  if (subpath === '') return '';
  const climbs = subpath.split('/').reduce((depth, part) => (depth < 0 ? depth : depth + step(part)), 0) < 0;
  if (subpath.startsWith('/') || climbs)
    throw mountError('volume', 'subpath must be a relative path within the volume');
  return cleanPath(subpath).slice(1);
}

function step(part: string): number {
  if (part === '..') return -1;
  return part === '' || part === '.' ? 0 : 1;
}

function decodeTmpfs({Source, BindOptions, VolumeOptions, TmpfsOptions}: MountFields): Own<TmpfsMount> {
  refuseGiven('tmpfs', {BindOptions, VolumeOptions});
  if (Source) throw mountError('tmpfs', 'field Source must not be specified');
  const {SizeBytes, Mode, Options} = TmpfsOptions ?? {};
  const words = [
    ...(SizeBytes ? [`size=${SizeBytes}`] : []),
    ...(Mode ? [`mode=${Mode.toString(8)}`] : []),
    ...(Options ?? []).map(option => option.join('=')),
  ];
  return {kind: 'tmpfs', options: parseTmpfsOptions(words)};
}

function refuseGiven(kind: string, fields: Readonly<Record<string, unknown>>): void {
  const given = Object.entries(fields).find(([, value]) => !isEmpty(value));
  if (given) throw mountError(kind, `field ${given[0]} must not be specified`);
}
