import * as v from 'valibot';
import {checkRestartPolicy, type RestartPolicy} from '../model/restart-policy.ts';
import {badRequest} from './failure.ts';
import {integer, orNull, text} from './validate.ts';

const policy = v.object({Name: orNull(text), MaximumRetryCount: orNull(integer)});

export const restartFields = {RestartPolicy: orNull(policy), AutoRemove: orNull(v.boolean())};

/** Throws SyntaxError for a policy that does not exist, ERR_BAD_REQUEST beside --rm. */
export function decodeRestart(host: {
  readonly RestartPolicy?: v.InferOutput<typeof policy> | null | undefined;
  readonly AutoRemove?: boolean | null | undefined;
}): RestartPolicy {
  const {Name, MaximumRetryCount} = host.RestartPolicy ?? {};
  const restart = checkRestartPolicy(Name ?? '', MaximumRetryCount ?? 0);
  if (host.AutoRemove && restart.name !== 'no')
    throw badRequest("can't create 'AutoRemove' container with restart policy");
  return restart;
}
