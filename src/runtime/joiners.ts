import {type Container, hasProcess} from '../model/container.ts';

/** Who has a process in the sandbox of `id` besides itself, by `--network container:`, at first or second hand. */
export function joinersOf(containers: ReadonlyMap<string, Container>, id: string): readonly Container[] {
  return [...containers.values()].filter(
    container => container.id !== id && hasProcess(container.state) && sandboxOwner(containers, container) === id,
  );
}

/** Whose sandbox a container lives in: its own, or that of the one it joins. The joined may be gone: its id is answered still. */
export function sandboxOwner(containers: ReadonlyMap<string, Container>, container: Container): string {
  let owner = container;
  for (let steps = 0; steps <= containers.size; steps++) {
    const {network} = owner.config;
    if (network.kind !== 'container') break;
    const joined = containers.get(network.container);
    if (joined === undefined) return network.container;
    owner = joined;
  }
  return owner.id;
}
