export type RestartName = 'no' | 'on-failure' | 'always' | 'unless-stopped';

/** What becomes of a container that has exited, and of one that does not run when a daemon starts. */
export interface RestartPolicy {
  readonly name: RestartName;
  /** Of `on-failure`; 0 is without end. */
  readonly maxRetries: number;
}

export const noRestart: RestartPolicy = {name: 'no', maxRetries: 0};

const names: readonly RestartName[] = ['no', 'always', 'on-failure', 'unless-stopped'];

/** `--restart`: a name, or `on-failure:5`. Throws SyntaxError in Docker's words. */
export function parseRestartPolicy(text: string): RestartPolicy {
  const [name = '', retries, ...rest] = text.split(':');
  if (rest.length > 0 || (retries !== undefined && !/^-?\d{1,9}$/.test(retries)))
    throw new SyntaxError(
      `invalid restart policy format: ${retries === undefined ? text : 'maximum retry count must be an integer'}`,
    );
  return checkRestartPolicy(name, Number(retries ?? 0));
}

/** moby api/types/container, ValidateRestartPolicy; '' is `no`. */
export function checkRestartPolicy(name: string, maxRetries: number): RestartPolicy {
  const refuse = (what: string): never => {
    throw new SyntaxError(`invalid restart policy: ${what}`);
  };
  const known = names.find(each => each === (name || 'no'));
  if (known === undefined)
    return refuse(`unknown policy '${name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`);
  if (maxRetries < 0 && known === 'on-failure') refuse('maximum retry count cannot be negative');
  if (maxRetries !== 0 && known !== 'on-failure') refuse("maximum retry count can only be used with 'on-failure'");
  return {name: known, maxRetries};
}
