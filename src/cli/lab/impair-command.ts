import {type Command, Option} from 'commander';
import {formatEnd, otherEnd, parseEnd} from '../../lab/impair/ends.ts';
import {effects, formatImpairment, type Impairment, merge, problemOf} from '../../lab/impair/impairment.ts';
import {openWires, type Wires} from '../../lab/impair/wires.ts';
import type {LabRecord} from '../../lab/labs.ts';
import type {Context} from '../context.ts';
import {formatTable} from '../table.ts';
import {chooseLab, type LabOption, labOption} from './lab-context.ts';

interface ImpairOptions extends LabOption {
  readonly direction: 'both' | 'out' | 'in';
  readonly clear?: boolean;
  readonly json?: boolean;
  readonly delay?: string;
  readonly jitter?: string;
  readonly loss?: string;
  readonly duplicate?: string;
  readonly corrupt?: string;
  readonly reorder?: string;
  readonly rate?: string;
  readonly every?: string;
}

/** `tnet lab impair [LAB] [NODE:IFACE] --delay 50ms`; a lab's name has no colon, a link's has one. */
export function registerImpair(lab: Command, context: Context): void {
  const command = lab
    .command('impair')
    .description('delay, lose, double, damage or limit what passes a link; without effects, show what is set')
    .argument('[lab]', 'a lab, as with --lab')
    .argument('[link]', 'NODE:INTERFACE, either end of a link')
    .addOption(
      new Option('--direction <way>', 'what that node sends by it, what it gets, or both')
        .choices(['both', 'out', 'in'])
        .default('both'),
    );
  for (const {name, value, about} of effects) command.option(`--${name} ${value}`, about);
  command
    .option('--clear', 'take away what was set before; other effects stay without it, and 0 takes one away')
    .addOption(labOption())
    .option('--json', 'for programs')
    .addHelpText('after', examples)
    .action((first: string | undefined, second: string | undefined, options: ImpairOptions) => {
      const words = [first, second].filter(word => word !== undefined);
      const name = words.find(word => !word.includes(':'));
      const link = words.find(word => word.includes(':'));
      const record = chooseLab(context, name === undefined ? options : {lab: name});
      return impair(context, record, {...options, link});
    });
}

async function impair(
  context: Context,
  record: LabRecord,
  {link, direction, clear, json, ...options}: ImpairOptions & {readonly link: string | undefined},
): Promise<void> {
  const change = changeOf(options);
  const changes = clear === true || Object.keys(change).length > 0;
  if (changes && link === undefined) throw new SyntaxError('which link? say NODE:INTERFACE, as c1:eth0');
  const wires = openWires(record);
  try {
    if (changes) await setEnds(wires, endsOf(record, link!, direction), {change, was: clear ? 'forgotten' : 'kept'});
    context.print(show(context, record, {wires, link, json: json === true}));
  } finally {
    wires.close();
  }
}

function changeOf(options: Omit<ImpairOptions, 'direction'>): Impairment {
  const said = effects.filter(({name}) => options[name] !== undefined);
  return Object.fromEntries(said.map(({name, key, parse}) => [key, parse(options[name]!)]));
}

function endsOf({topology}: LabRecord, link: string, direction: ImpairOptions['direction']) {
  const end = parseEnd(link);
  if (direction === 'out') return [end];
  const other = otherEnd(topology, end);
  if (other === null)
    throw new RangeError(`the topology has no link "${link}": say --direction out, for each end where it is known`);
  return direction === 'in' ? [other] : [end, other];
}

async function setEnds(
  wires: Wires,
  ends: ReturnType<typeof endsOf>,
  {change, was}: {readonly change: Impairment; readonly was: 'kept' | 'forgotten'},
): Promise<void> {
  const wanted = ends.map(end => ({end, impairment: merge(was === 'kept' ? wires.read(end) : {}, change)}));
  for (const {end, impairment} of wanted) {
    const problem = problemOf(impairment);
    if (problem !== null) throw new RangeError(`${formatEnd(end)}: ${problem}`);
  }
  for (const {end, impairment} of wanted) await wires.set(end, impairment);
}

interface Shown {
  readonly wires: Wires;
  readonly link: string | undefined;
  readonly json: boolean;
}

function show({io}: Context, {topology}: LabRecord, {wires, link, json}: Shown): string {
  const rows = wires
    .list()
    .map(({impairment, ...end}) => {
      const other = otherEnd(topology, end);
      return {from: formatEnd(end), to: other === null ? null : formatEnd(other), impairment};
    })
    .filter(({from, to}) => link === undefined || from === link || to === link);
  if (json) return JSON.stringify(rows, null, 2);
  return formatTable(
    [{title: 'FROM'}, {title: 'TO'}, {title: 'IMPAIRED BY'}],
    rows.map(({from, to, impairment}) => [from, to ?? '', formatImpairment(impairment)]),
    io.stdout,
  );
}

const examples = `
Examples:
  tnet lab impair c1:eth0 --delay 50ms --jitter 10ms
  tnet lab impair c1:eth0 --loss 5% --direction in
  tnet lab impair c1:eth0 --loss 0%
  tnet lab impair c1:eth0 --clear
  tnet lab impair`;
