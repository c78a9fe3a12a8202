import {portName} from '../topology/plan-lab.ts';
import {hostNode, type Topology} from '../topology/topology.ts';
import type {Impairment} from './impairment.ts';

/** A link where it leaves a node; what is said of it is said of what the node sends there. */
export interface End {
  readonly node: string;
  readonly link: string;
}

export const formatEnd = ({node, link}: End): string => `${node}:${link}`;

/** `c1:eth0`. Throws SyntaxError. */
export function parseEnd(text: string): End {
  const [, node, link] = /^([^:/\s]+):([^:/\s]{1,15})$/.exec(text) ?? [];
  if (node === undefined || link === undefined)
    throw new SyntaxError(`invalid link "${text}": want NODE:INTERFACE, as c1:eth0`);
  return {node, link};
}

/** The two ends of every link of a topology, and what the file wants of what leaves by each. */
export function linksOf({nodes, links}: Topology): readonly (readonly [WantedEnd, WantedEnd])[] {
  const ports = nodes.flatMap(({name: node, interfaces}) =>
    interfaces.map(({name: link, impair}, i): readonly [WantedEnd, WantedEnd] => [
      {node, link, impairment: impair?.out ?? {}},
      {node: hostNode, link: portName(node, i), impairment: impair?.in ?? {}},
    ]),
  );
  const cables = links.map(
    ({ends}) =>
      ends.map(({node, name, impair = {}}) => ({node, link: name, impairment: impair})) as unknown as readonly [
        WantedEnd,
        WantedEnd,
      ],
  );
  return [...ports, ...cables];
}

export interface WantedEnd extends End {
  readonly impairment: Impairment;
}

/** Of the link as the file has it. Null for a link that somebody made since. */
export function otherEnd(topology: Topology, {node, link}: End): End | null {
  const is = (end: End): boolean => end.node === node && end.link === link;
  for (const [a, b] of linksOf(topology)) {
    if (is(a)) return {node: b.node, link: b.link};
    if (is(b)) return {node: a.node, link: a.link};
  }
  return null;
}

export function impairedEnds(topology: Topology): readonly WantedEnd[] {
  return linksOf(topology)
    .flat()
    .filter(({impairment}) => Object.keys(impairment).length > 0);
}
