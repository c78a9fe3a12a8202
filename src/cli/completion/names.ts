import {existsSync} from 'node:fs';
import type {Client} from '../../api/client.ts';
import {socketPath} from '../../api/roots.ts';
import type {Context} from '../context.ts';

type Ask = (client: Client) => Promise<readonly string[]>;

const containers: Ask = async client =>
  (await client.call<readonly {Names: readonly string[]}[]>('GET', '/containers/json', {query: {all: true}})).flatMap(
    ({Names}) => Names.map(name => name.slice(1)),
  );
const networks: Ask = async client =>
  (await client.call<readonly {Name: string}[]>('GET', '/networks')).map(({Name}) => Name);
const volumes: Ask = async client =>
  (await client.call<{Volumes: readonly {Name: string}[]}>('GET', '/volumes')).Volumes.map(({Name}) => Name);
const images: Ask = async client =>
  (await client.call<readonly {RepoTags: readonly string[]}[]>('GET', '/images/json')).flatMap(each => each.RepoTags);

/** By the names that our commands give their arguments. */
const asks: Readonly<Record<string, readonly Ask[]>> = {
  container: [containers],
  network: [networks],
  'container|network': [containers, networks],
  from: [containers],
  to: [containers],
  volume: [volumes],
  image: [images],
};

/** The names of one sort that there are. A key press starts no daemon, and no failure of it belongs on the screen. */
export async function namesOf(sort: string, context: Context): Promise<readonly string[]> {
  const socket = socketPath(context.roots());
  const wanted = asks[sort] ?? [];
  if (wanted.length === 0 || !existsSync(socket)) return [];
  const {createClient} = await import('../../api/client.ts');
  const client = createClient(socket);
  return (await Promise.all(wanted.map(ask => ask(client)))).flat().sort();
}
