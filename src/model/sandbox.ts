/**
 * Sandboxes are named by the path of their network namespace. One that another runtime made may be gone tomorrow, and its
 * path, as `/proc/42/ns/net`, lead to somebody else's: such a name says which namespace was meant, `/proc/42/ns/net#4:4026532281`.
 */
export function foreignSandbox(path: string, identity: string): string {
  return `${path}#${identity}`;
}

/** Whether another runtime made it. */
export function isForeign(sandbox: string): boolean {
  return identityOf(sandbox) !== null;
}

export function sandboxPath(sandbox: string): string {
  return sandbox.replace(identity, '');
}

/** `device:inode` of the namespace file that was meant; null for our own, whose paths nobody else uses. */
export function identityOf(sandbox: string): string | null {
  return identity.exec(sandbox)?.[1] ?? null;
}

const identity = /#(\d+:\d+)$/;
