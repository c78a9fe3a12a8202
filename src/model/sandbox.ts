/**
 * Sandboxes are named by the path of their network namespace. One that another runtime made may be gone tomorrow, and its
 * path, as `/proc/42/ns/net`, lead to somebody else's: such a name says which namespace was meant, `/proc/42/ns/net#4:4026532281`.
 */
export function foreignSandbox(path: string, identity: string): string {
  return `${path}#${identity}`;
}

/**
 * One that we never see: Docker takes the link's other end from the host itself, and does inside what is to be done. `:NAME` is no
 * path, and nothing enters it.
 */
export function unseenSandbox(name: string): string {
  return `:${name}`;
}

export function isUnseen(sandbox: string): boolean {
  return sandbox.startsWith(':');
}

/** Whether another runtime made it. */
export function isForeign(sandbox: string): boolean {
  return isUnseen(sandbox) || identityOf(sandbox) !== null;
}

export function sandboxPath(sandbox: string): string {
  return sandbox.replace(identity, '');
}

/** `device:inode` of the namespace file that was meant; null for our own, whose paths nobody else uses. */
export function identityOf(sandbox: string): string | null {
  return identity.exec(sandbox)?.[1] ?? null;
}

const identity = /#(\d+:\d+)$/;
