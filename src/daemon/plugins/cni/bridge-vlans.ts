import {formatSpan, joinSpans, type Span} from '../../../model/span.ts';
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
    ...(vlan > 0 ? {[bridgeVlan]: `${vlan}`} : {[bridgeTrunk]: joinSpans(trunk).map(formatSpan).join(',')}),
    // As the reference plugin: kept unless it is told otherwise.
    [keepsDefaultVlan]: String(config.raw('preserveDefaultVlan') !== false),
  };
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
