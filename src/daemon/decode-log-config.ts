import * as v from 'valibot';
import {defaultLog, type LogConfig, parseLogRotation} from '../model/log-config.ts';
import {badRequest, decoding} from './failure.ts';
import {labels, orNull, text} from './validate.ts';

export const logFields = {LogConfig: orNull(v.object({Type: orNull(text), Config: orNull(labels)}))};

type Given = v.InferOutput<typeof logFields.LogConfig>;

/** What Docker's json-file takes and we do not. */
const unsupported = new Set(['labels', 'labels-regex', 'env', 'env-regex', 'tag', 'max-buffer-size']);

/** HostConfig.LogConfig, refused in Docker's words (moby daemon/logger). */
export function decodeLogConfig(given: Given): LogConfig {
  const driver = given?.Type || defaultLog.driver;
  const options = given?.Config ?? {};
  if (driver !== 'json-file' && driver !== 'none')
    throw badRequest(`logging driver "${driver}" is not supported: use json-file or none`, 'ERR_UNSUPPORTED');
  const config: LogConfig = {driver, options};
  if (driver === 'json-file') {
    for (const [name, value] of Object.entries(options)) checkOption(name, value);
    decoding(() => parseLogRotation(config));
  } else if (Object.keys(options).length > 0) {
    throw badRequest(`unknown log opt '${Object.keys(options)[0]}' for none log driver`);
  }
  return config;
}

function checkOption(name: string, value: string): void {
  if (name === 'max-size' || name === 'max-file') return;
  if ((name === 'mode' && value === 'blocking') || (name === 'compress' && value === 'false')) return;
  if (unsupported.has(name) || name === 'mode' || name === 'compress')
    throw badRequest(`log opt ${name}=${value} is not supported`, 'ERR_UNSUPPORTED');
  throw badRequest(`unknown log opt '${name}' for json-file log driver`);
}
