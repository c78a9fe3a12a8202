import {type NetlinkMessage, NLM_F_CREATE, NLM_F_DUMP, NLM_F_REQUEST} from '../message.ts';
import {decodeWireElements, elementWireSize, toWireElements} from './element-bytes.ts';
import {
  elementsFormat,
  NFT_MSG_DELSETELEM,
  NFT_MSG_GETSETELEM,
  NFT_MSG_NEWSETELEM,
  type WireElement,
} from './message.ts';
import {familyOf, nameOf, type SetRef, type TableRef} from './objects.ts';
import type {NftElement, NftSet} from './types.ts';

/**
 * Adds elements, in as many messages as their bytes need, for one batch. Like `nft add element inet TABLE SET { … }`:
 * an equal element may be there already; a map's key with other data gives EEXIST, an overlapping interval too.
 */
export function addElements(table: TableRef, set: NftSet, elements: readonly NftElement[]): NetlinkMessage[] {
  return elementRequests({type: NFT_MSG_NEWSETELEM, flags: NLM_F_CREATE, verb: 'add'}, table, set, elements);
}

/** Like `nft delete element inet TABLE SET { … }`; the data may be left out. ENOENT when one is not there. */
export function deleteElements(table: TableRef, set: NftSet, elements: readonly NftElement[]): NetlinkMessage[] {
  return elementRequests({type: NFT_MSG_DELSETELEM, flags: 0, verb: 'delete'}, table, set, elements);
}

/** Like `nft flush set inet TABLE SET`. */
export function flushElements(table: TableRef, set: SetRef): NetlinkMessage {
  return elementRequest(NFT_MSG_DELSETELEM, 0, {table, set, what: `flush set "${nameOf(set)}"`});
}

/** Like `nft list set inet TABLE SET`; the answer is for decodeElements(). */
export function dumpElements(table: TableRef, set: SetRef): NetlinkMessage {
  return elementRequest(NFT_MSG_GETSETELEM, NLM_F_DUMP, {table, set, what: `read set "${nameOf(set)}"`});
}

/** Like `nft get element inet TABLE SET { … }`; not in a batch. ENOENT when one is not there. Not for ranges without concatenation. */
export function getElements(table: TableRef, set: NftSet, elements: readonly NftElement[]): NetlinkMessage[] {
  return elementRequests({type: NFT_MSG_GETSETELEM, flags: 0, verb: 'read'}, table, set, elements);
}

/** All messages of a dump at once: the two ends of an interval may come in different ones. */
export function decodeElements(messages: readonly {readonly payload: Uint8Array}[], set: NftSet): NftElement[] {
  const elements = messages.flatMap(({payload}) => elementsFormat.decode(payload).attributes.elements ?? []);
  return decodeWireElements(elements, set);
}

/** NFTA_SET_ELEM_LIST_ELEMENTS has a u16 length. */
const maxListBytes = 0xffff - 4;

function elementRequests(
  {type, flags, verb}: {type: number; flags: number; verb: string},
  table: TableRef,
  set: NftSet,
  elements: readonly NftElement[],
): NetlinkMessage[] {
  const perMessage = Math.floor(maxListBytes / elementWireSize(set));
  const messages: NetlinkMessage[] = [];
  for (let at = 0; at < elements.length; at += perMessage) {
    const chunk = elements.slice(at, at + perMessage);
    const what = `${verb} ${describe(chunk)} ${verb === 'add' ? 'to' : 'of'} set "${set.name}" of table "${nameOf(table)}"`;
    const wire = chunk.flatMap(element => toWireElements(element, set));
    messages.push(elementRequest(type, flags, {table, set, what, elements: wire}));
  }
  return messages;
}

function elementRequest(
  type: number,
  flags: number,
  {table, set, what, elements}: {table: TableRef; set: SetRef; what: string; elements?: readonly WireElement[]},
): NetlinkMessage {
  const payload = elementsFormat.encode({
    family: familyOf(table),
    attributes: {table: nameOf(table), set: nameOf(set), elements},
  });
  return {type, flags: NLM_F_REQUEST | flags, payload, what};
}

function describe(elements: readonly NftElement[]): string {
  return elements.length === 1 ? `element "${elements[0]!.fields.join(' . ')}"` : `${elements.length} elements`;
}
