import type {Controller} from '../../../network/controller.ts';

export type DockerController = Pick<
  Controller,
  'list' | 'get' | 'create' | 'alter' | 'remove' | 'attachmentsOf' | 'attach' | 'setPorts' | 'detach'
>;

/** From dockerd's JSON to our answer's. */
export type DockerMethod = (controller: DockerController, request: unknown) => Promise<object>;
export type DockerMethods = Readonly<Record<string, DockerMethod>>;
