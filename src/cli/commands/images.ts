import type {Command} from 'commander';
import type {ImageSummary} from '../../api/engine-types.ts';
import type {Context} from '../context.ts';
import {type Listing, type ListOptions, listOptions, printListing, shortId} from '../listing.ts';

export function registerImages(program: Command, context: Context): void {
  listImages(program.command('images'), context);
}

/** `images` and `image ls`. */
export function listImages(command: Command, context: Context): void {
  listOptions(command)
    .description('list images')
    .addHelpText('after', '\nExamples:\n  tnet images')
    .action(async (options: ListOptions) => {
      const client = await context.connect();
      printListing(await client.call<ImageSummary[]>('GET', '/images/json'), listing(options), options, context);
    });
}

function listing(options: ListOptions): Listing<ImageSummary> {
  return {
    columns: [{title: 'IMAGE', shrinksTo: 12}, {title: 'IMAGE ID'}, {title: 'CONTAINERS'}],
    key: ({Id}) => Id,
    row: ({Id, RepoTags, Containers}) => [RepoTags.join(', '), shortId(Id, options), String(Containers)],
  };
}
