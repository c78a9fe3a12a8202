import {createHash} from 'node:crypto';
import {mkdir, readdir} from 'node:fs/promises';
import {join} from 'node:path';
import {foreignSandbox, identityOf, sandboxPath} from '../../model/sandbox.ts';
import type {Controller} from '../../network/controller.ts';

/**
 * Other runtimes' namespaces that must outlive their containers: what is lent to one would go with it, or to the machine's
 * first namespace, before anybody could take it back.
 */
export interface HeldSandboxes {
  /** Returns the name that it is reached by from now on. One for each owner; not idempotent. */
  hold(owner: string, sandbox: string): Promise<string>;
  /** Idempotent. */
  release(owner: string): Promise<void>;
  /** Lets go of those that a crash has left without an attachment. */
  sweep(): Promise<void>;
}

export interface HeldSandboxesParts {
  readonly controller: Pick<Controller, 'attachmentsOf' | 'holdSandbox' | 'removeSandbox'>;
  readonly dir: string;
}

export function createHeldSandboxes({controller, dir}: HeldSandboxesParts): HeldSandboxes {
  // Another runtime's id is no file name of ours.
  const pathOf = (owner: string): string => join(dir, createHash('sha256').update(owner).digest('hex').slice(0, 12));
  return {
    async hold(owner, sandbox) {
      const path = pathOf(owner);
      await mkdir(dir, {recursive: true, mode: 0o711});
      await controller.holdSandbox(path, sandbox);
      return foreignSandbox(path, identityOf(sandbox)!);
    },
    release: owner => controller.removeSandbox(pathOf(owner)),
    async sweep() {
      const used = new Set(controller.attachmentsOf({}).map(({sandbox}) => sandboxPath(sandbox)));
      const paths = (await readdir(dir).catch(() => [])).map(name => join(dir, name));
      for (const path of paths.filter(each => !used.has(each))) await controller.removeSandbox(path);
    },
  };
}
