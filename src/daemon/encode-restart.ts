import type {RestartPolicy} from '../model/restart-policy.ts';

export function encodeRestart({name, maxRetries}: RestartPolicy): {Name: string; MaximumRetryCount: number} {
  return {Name: name, MaximumRetryCount: maxRetries};
}
