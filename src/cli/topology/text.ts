import type {Member, Tree, TreeNetwork} from './tree.ts';

export interface TextOptions {
  /** Columns that lines may have; what is longer is cut. Null cuts nothing. */
  readonly width: number | null;
  /** Unicode box lines; ASCII else. */
  readonly unicode: boolean;
}

interface Lines {
  readonly branch: string;
  readonly last: string;
  readonly trunk: string;
  readonly empty: string;
  readonly arrow: string;
  readonly cut: string;
}

const box: Lines = {branch: '├─ ', last: '└─ ', trunk: '│  ', empty: '   ', arrow: '→', cut: '…'};
const ascii: Lines = {branch: '|- ', last: '`- ', trunk: '|  ', empty: '   ', arrow: '->', cut: '~'};

/** A tree for the terminal: networks, below them containers, below them interfaces and ports. */
export function formatText({networks}: Tree, {width, unicode}: TextOptions): string {
  const lines = unicode ? box : ascii;
  const all = networks.flatMap(network => networkLines(network, lines));
  return all.map(line => shorten(clean(line), width, lines.cut)).join('\n');
}

function networkLines(network: TreeNetwork, lines: Lines): readonly string[] {
  const {name, driver, device, internal, subnets, members} = network;
  const what = [driver, device, internal ? 'internal' : ''].filter(word => word !== '').join(', ');
  return [
    `${name} (${what})`,
    ...subnets.map(
      ({subnet, gateway}) => `${members.length > 0 ? lines.trunk : lines.empty}${subnet}, gateway ${gateway}`,
    ),
    ...members.flatMap((member, i) => memberLines(member, i === members.length - 1, lines)),
  ];
}

function memberLines(member: Member, isLast: boolean, lines: Lines): readonly string[] {
  const {id, name, ports, sharedWith} = member;
  const below = isLast ? lines.empty : lines.trunk;
  const shared = sharedWith.length > 0 ? [`shared with ${sharedWith.join(', ')}`] : [];
  return [
    `${isLast ? lines.last : lines.branch}${name}  ${id.slice(0, 12)}`,
    ...[...interfaceLines(member), ...ports.map(port => port.replace('->', ` ${lines.arrow} `)), ...shared].map(
      line => `${below}   ${line}`,
    ),
  ];
}

function interfaceLines({interface: link}: Member): readonly string[] {
  if (link === null) return [];
  const [first = 'no address', ...more] = link.addresses;
  return [`${link.name}  ${first}  ${link.mac}  ${link.hostName}`, ...more.map(address => `${link.name}  ${address}`)];
}

/** Names come from users; none may move the cursor. */
function clean(line: string): string {
  return line.replace(/\p{C}/gu, '?');
}

function shorten(line: string, width: number | null, mark: string): string {
  const characters = [...line];
  return width === null || characters.length <= width ? line : characters.slice(0, width - 1).join('') + mark;
}
