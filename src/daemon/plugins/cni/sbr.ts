import type {Op} from '../../../kernel/item.ts';
import {RTPROT_TNET} from '../../../kernel/netlink/route.ts';
import {type Ip, parseInterfaceAddress} from '../../../model/ip.ts';
import {passOn, previousOf} from './chained.ts';
import {CniError, type CniRequest, cniCodes} from './contract.ts';
import {named, readInputs, refuseOptions, refuseUnknownArgs} from './inputs.ts';
import type {CniPlugin} from './plugin.ts';
import {decodeResult} from './result.ts';
import {sandboxIfThere, sandboxOf} from './sandbox.ts';
import {hasSourceRouting, hostPrefix, planSourceRouting, type SourceRouting} from './source-routing.ts';

/**
 * Routing by source: what comes from an address of this interface goes by this interface's routes, which move to a table of their
 * own. For sandboxes with several interfaces, each with a gateway.
 */
export const sbr: CniPlugin = {
  async add({controller, netns}, request) {
    refuseUnknownArgs(request);
    previousOf(request);
    const asked = decodeSbr(request);
    const sandbox = sandboxOf(request, netns);
    await controller.adjustBy(sandbox, routing => planSourceRouting({...asked, sandbox}, routing));
    return passOn(request);
  },
  /** Routes go with their link; a rule would stay. */
  async del({controller, netns}, request) {
    const {addresses} = decodeSbr(request);
    const sandbox = sandboxIfThere(request, netns);
    if (sandbox === null || addresses.length === 0) return;
    const own = new Set<string>(addresses.map(hostPrefix));
    await controller.adjustBy(sandbox, ({rules}) =>
      rules
        .filter(({from, protocol}) => protocol === RTPROT_TNET && own.has(from))
        .map(({from, table}): Op => ({do: 'del', item: {ns: sandbox, kind: 'rule', from, table}})),
    );
  },
  async check({controller, netns}, request) {
    previousOf(request);
    const {addresses} = decodeSbr(request);
    await controller.adjustBy(sandboxOf(request, netns), routing => {
      const missing = addresses.find(address => !hasSourceRouting(address, request.ifname, routing));
      if (missing === undefined) return [];
      throw new CniError(
        105,
        `"${request.ifname}" is not as it was made: no rule and routes for what comes from ${missing.address}`,
      );
    });
  },
};

/** Addresses of the interface, as the plugins before have said; none without their result. Throws CniError. */
function decodeSbr(request: CniRequest): Omit<SourceRouting, 'sandbox'> {
  const {config, ifname} = request;
  const {config: fields} = readInputs(request);
  refuseOptions(fields, {
    gateways: 'gateways are those of the addresses',
    addSourceHints: 'the rule decides by the source already',
  });
  const {interfaces, ips} = decodeResult((config.prevResult ?? {}) as Readonly<Record<string, unknown>>);
  const own = ips.filter(
    ({interface: at}) => at === undefined || (interfaces[at]?.name === ifname && interfaces[at].sandbox),
  );
  return {
    ifname,
    table: decodeTable(fields.number('table')),
    addresses: own.map(({address, gateway}) => {
      return {...named('prevResult', address, parseInterfaceAddress), gateway: (gateway as Ip | undefined) ?? null};
    }),
  };
}

/** 253 to 255 are the kernel's own: default, main, local. */
function decodeTable(table: number | null): number | null {
  if (table === null || (table > 0 && table < 2 ** 32 && (table < 253 || table > 255))) return table;
  throw new CniError(
    cniCodes.config,
    `invalid value of "table": ${table}: want 1 to 4294967295 without 253, 254 and 255`,
  );
}
