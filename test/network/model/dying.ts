/** A controller in a process of its own that takes one step, and is killed before the n-th thing it does to kernel or store. */
import {deserialize} from 'node:v8';
import {openStore} from '../../../src/store/store.ts';
import {makeHost} from '../../fixture/host.ts';
import {makeNetwork} from '../../fixture/network.ts';
import type {Model} from './model.ts';
import {perform} from './perform.ts';
import type {Step} from './steps.ts';

const [path, job] = process.argv.slice(2);
const {model, step, at} = deserialize(Buffer.from(job!, 'base64')) as {model: Model; step: Step; at: number};
let left = Number.POSITIVE_INFINITY;
const countdown = (): void => {
  if (left-- <= 0) process.kill(process.pid, 'SIGKILL');
};

const store = openStore(path!);
const {controller} = await makeNetwork({
  store: {
    ...store,
    commit(change) {
      countdown();
      store.commit(change);
    },
  },
  wrap: kernel => ({
    ...kernel,
    async execute(ops, onError) {
      for (const op of ops) {
        countdown();
        await kernel.execute([op], onError);
      }
    },
  }),
});
left = at;
await perform(controller, model, step, makeHost());
process.exit(0);
