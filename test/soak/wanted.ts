/** What was asked for, and should therefore be. */
export interface Wanted {
  readonly name: string;
  readonly networks: Set<string>;
  /** Host ports, all of them lead to 80. */
  readonly ports: Set<number>;
  /** Networks on which it is limited. */
  readonly limits: Set<string>;
}

export interface World {
  readonly containers: Map<string, Wanted>;
  /** The user's; `bridge` is besides. */
  readonly networks: Set<string>;
}

/** No container is on it and it is not the last one of the user's. */
export function isIdle({containers, networks}: World, network: string): boolean {
  return networks.size > 1 && ![...containers.values()].some(each => each.networks.has(network));
}
