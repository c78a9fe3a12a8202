import {bridgeTrunk, bridgeVlan, keepsDefaultVlan} from '../../../network/options.ts';
import {CniError, cniCodes} from './contract.ts';
import type {Fields} from './fields.ts';
import {refuseOptions} from './inputs.ts';

/** Options of a network from `vlan`, `vlanTrunk` and `preserveDefaultVlan` of the plugin `bridge`; none without VLANs. Throws CniError. */
export function decodeBridgeVlans(config: Fields): Readonly<Record<string, string>> {
  const vlan = config.number('vlan') ?? 0;
  if (!Number.isInteger(vlan) || vlan < 0 || vlan > 4094)
    throw new CniError(cniCodes.config, `invalid VLAN ID ${vlan} (must be between 0 and 4094)`);
  const trunk = config.objects('vlanTrunk').flatMap(spansOf);
  if (vlan === 0 && trunk.length === 0) return {};
  if (vlan > 0 && trunk.length > 0)
    throw new CniError(cniCodes.config, 'cannot set vlan and vlanTrunk at the same time');
  refuseOptions(config, {promiscMode: 'a bridge with VLANs is that of several networks'});
  return {
    ...(vlan > 0 ? {[bridgeVlan]: `${vlan}`} : {[bridgeTrunk]: merged(trunk).map(formatSpan).join(',')}),
    // As the reference plugin: kept unless it is told otherwise.
    [keepsDefaultVlan]: String(config.raw('preserveDefaultVlan') !== false),
  };
}

interface Span {
  readonly first: number;
  readonly last: number;
}

/** `{id}`, `{minID, maxID}`, or both. */
function spansOf(fields: Fields): readonly Span[] {
  const [id, min, max] = ['id', 'minID', 'maxID'].map(key => fields.number(key)) as (number | null)[];
  if ((min === null) !== (max === null))
    throw new CniError(
      cniCodes.config,
      `minID and maxID should be configured simultaneously, ${min === null ? 'minID' : 'maxID'} is missing`,
    );
  const ids = {id, minID: min, maxID: max};
  for (const [name, value] of Object.entries(ids))
    if (value !== null && value !== undefined && (!Number.isInteger(value) || value < 1 || value > 4094))
      throw new CniError(cniCodes.config, `incorrect trunk ${name} parameter: ${value}: want 1 to 4094`);
  if (min! > max!) throw new CniError(cniCodes.config, 'minID is greater than maxID in trunk parameter');
  return [...(min == null ? [] : [{first: min, last: max!}]), ...(id == null ? [] : [{first: id, last: id}])];
}

/** In order, without overlaps: each VLAN is told once. */
function merged(spans: readonly Span[]): readonly Span[] {
  const done: Span[] = [];
  for (const span of [...spans].sort((a, b) => a.first - b.first)) {
    const before = done.at(-1);
    if (before === undefined || span.first > before.last + 1) done.push(span);
    else done.push({first: done.pop()!.first, last: Math.max(before.last, span.last)});
  }
  return done;
}

const formatSpan = ({first, last}: Span): string => (first === last ? `${first}` : `${first}-${last}`);
