import {createReadStream, existsSync} from 'node:fs';
import type {Command} from 'commander';
import type {Context} from '../context.ts';
import {forEachName} from '../each.ts';
import {type Filtered, filterQuery} from '../filter-query.ts';
import {formatBytes} from '../format-units.ts';
import {collect} from '../parse.ts';
import {listImages} from './images.ts';
import {printInspected} from './inspect.ts';

export function registerImage(program: Command, context: Context): void {
  const image = program.command('image').description('import, list, inspect and remove images');
  registerImport(image, context);
  listImages(image.command('ls').alias('list'), context);
  image
    .command('inspect')
    .description('print everything about images')
    .argument('<image...>')
    .addHelpText('after', '\nExamples:\n  tnet image inspect host')
    .action((names: string[]) => printInspected(names, {types: ['image']}, context));
  image
    .command('rm')
    .alias('remove')
    .description('remove images that no container has')
    .argument('<image...>')
    .addHelpText('after', '\nExamples:\n  tnet image rm base:1')
    .action(async (names: string[]) => {
      const client = await context.connect();
      await forEachName(names, context, async name => {
        const path = `/images/${encodeURIComponent(name)}`;
        const removed = await client.call<{Untagged?: string; Deleted?: string}[]>('DELETE', path);
        return removed
          .map(({Untagged, Deleted}) => (Untagged ? `Untagged: ${Untagged}` : `Deleted: ${Deleted}`))
          .join('\n');
      });
    });
  registerPrune(image, context);
}

interface ImportOptions {
  readonly change?: readonly string[];
  readonly message?: string;
}

function registerImport(image: Command, context: Context): void {
  image
    .command('import')
    .description('make an image of a tar archive of a root file system, and print its id')
    .argument('<file>', 'plain, .gz, .xz, .zst or .bz2; - is stdin')
    .argument('[name[:tag]]')
    .option(
      '-c, --change <instruction>',
      'CMD, ENTRYPOINT, ENV, WORKDIR, EXPOSE, VOLUME, LABEL … (repeatable)',
      collect,
    )
    .option('-m, --message <text>', 'comment')
    .addHelpText('after', `\nExamples:\n  tnet image import -c 'CMD ["/bin/sh"]' rootfs.tar.gz base:1`)
    .action(async (file: string, name: string | undefined, {change = [], message}: ImportOptions) => {
      if (file !== '-' && !existsSync(file)) throw new Error(`open ${file}: no such file or directory`);
      const client = await context.connect();
      const input = file === '-' ? context.io.stdin : createReadStream(file);
      const query = {fromSrc: '-', repo: name, message, changes: change};
      const {status} = JSON.parse(await client.upload('POST', '/images/create', {query, input})) as {status: string};
      context.print(status);
    });
}

function registerPrune(image: Command, context: Context): void {
  image
    .command('prune')
    .description('remove images without a name that no container has')
    .option('-a, --all', 'those with a name too')
    .option('--filter <filter>', 'label=value or label!=value (repeatable)', collect)
    .addHelpText('after', '\nExamples:\n  tnet image prune -a')
    .action(async ({all, filter = []}: Filtered & {readonly all?: boolean}) => {
      const client = await context.connect();
      const query = filterQuery({filter: all ? [...filter, 'dangling=false'] : filter});
      const {ImagesDeleted: gone, SpaceReclaimed} = await client.call<{
        ImagesDeleted: readonly {Untagged?: string; Deleted?: string}[];
        SpaceReclaimed: number;
      }>('POST', '/images/prune', {query});
      for (const {Untagged, Deleted} of gone) context.print(Untagged ? `untagged: ${Untagged}` : `deleted: ${Deleted}`);
      context.print(`Total reclaimed space: ${formatBytes(SpaceReclaimed)}`);
    });
}
