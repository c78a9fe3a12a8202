import type {Command} from 'commander';
import type {VolumeCreate, VolumeList, VolumeResource, VolumesPruned} from '../../api/storage-types.ts';
import type {Context} from '../context.ts';
import {forEachName} from '../each.ts';
import {type Filtered, filterQuery} from '../filter-query.ts';
import {formatBytes} from '../format-units.ts';
import {type Listing, type ListOptions, listOptions, printListing} from '../listing.ts';
import {collect, parsePairs} from '../parse.ts';
import {printInspected} from './inspect.ts';

export function registerVolume(program: Command, context: Context): void {
  const volume = program.command('volume').description('create, list, inspect and remove volumes');
  registerCreate(volume, context);
  registerList(volume, context);
  volume
    .command('inspect')
    .description('print everything about volumes')
    .argument('<volume...>')
    .addHelpText('after', '\nExamples:\n  tnet volume inspect data')
    .action((names: string[]) => printInspected(names, {types: ['volume']}, context));
  volume
    .command('rm')
    .alias('remove')
    .description('remove volumes that no container has')
    .argument('<volume...>')
    .option('-f, --force', 'no error for one that is not there')
    .addHelpText('after', '\nExamples:\n  tnet volume rm data')
    .action(async (names: string[], {force}: {force?: boolean}) => {
      const client = await context.connect();
      await forEachName(names, context, name =>
        client.call<undefined>('DELETE', `/volumes/${encodeURIComponent(name)}`, {query: {force}}),
      );
    });
  registerPrune(volume, context);
}

interface CreateOptions {
  readonly driver: string;
  readonly label?: readonly string[];
  readonly opt?: readonly string[];
}

function registerCreate(volume: Command, context: Context): void {
  volume
    .command('create')
    .description('create a volume and print its name')
    .argument('[name]')
    .option('-d, --driver <driver>', 'local', 'local')
    .option('--label <key=value>', 'label (repeatable)', collect)
    .option('-o, --opt <key=value>', 'type, device or o, as mount(8) has them (repeatable)', collect)
    .addHelpText(
      'after',
      '\nExamples:\n  tnet volume create data\n  tnet volume create -o type=tmpfs -o device=tmpfs -o o=size=64m scratch',
    )
    .action(async (name: string | undefined, {driver, label = [], opt = []}: CreateOptions) => {
      const body: VolumeCreate = {
        Name: name ?? '',
        Driver: driver,
        DriverOpts: parsePairs(opt),
        Labels: parsePairs(label),
      };
      const client = await context.connect();
      context.print((await client.call<VolumeResource>('POST', '/volumes/create', {body})).Name);
    });
}

function registerList(volume: Command, context: Context): void {
  listOptions(volume.command('ls'))
    .alias('list')
    .description('list volumes')
    .option('-f, --filter <filter>', 'name, label, driver or dangling=value (repeatable)', collect)
    .addHelpText('after', '\nExamples:\n  tnet volume ls\n  tnet volume ls -q --filter dangling=true')
    .action(async (options: ListOptions & Filtered) => {
      const client = await context.connect();
      const {Volumes: volumes} = await client.call<VolumeList>('GET', '/volumes', {query: filterQuery(options)});
      printListing(volumes, listing, {...options, trunc: false}, context);
    });
}

const listing: Listing<VolumeResource> = {
  columns: [{title: 'DRIVER'}, {title: 'VOLUME NAME'}],
  key: ({Name}) => Name,
  row: ({Driver, Name}) => [Driver, Name],
};

function registerPrune(volume: Command, context: Context): void {
  volume
    .command('prune')
    .description('remove anonymous volumes that no container has')
    .option('-a, --all', 'named ones too')
    .option('--filter <filter>', 'label=value or label!=value (repeatable)', collect)
    .addHelpText('after', '\nExamples:\n  tnet volume prune\n  tnet volume prune -a --filter label=test')
    .action(async ({all, filter = []}: Filtered & {readonly all?: boolean}) => {
      const client = await context.connect();
      const query = filterQuery({filter: all ? [...filter, 'all=true'] : filter});
      const {VolumesDeleted, SpaceReclaimed} = await client.call<VolumesPruned>('POST', '/volumes/prune', {query});
      for (const name of VolumesDeleted) context.print(name);
      context.print(`Total reclaimed space: ${formatBytes(SpaceReclaimed)}`);
    });
}
