import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import * as v from 'valibot';
import {badRequest} from '../../failure.ts';
import {orNull, text, validate} from '../../validate.ts';

/** A link of the host's that a container asks for, and its name there. */
export interface NetDevice {
  readonly device: string;
  readonly name: string;
}

/** https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md#network-devices, since 1.3. */
const configSchema = v.object({
  linux: orNull(v.object({netDevices: orNull(v.record(text, orNull(v.object({name: orNull(text)}))))})),
});

/** `linux.netDevices` of a bundle's config.json. Throws ERR_BAD_REQUEST. */
export function readDevices(bundle: string): readonly NetDevice[] {
  return decodeDevices(readConfig(join(bundle, 'config.json')));
}

function readConfig(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw badRequest(`cannot read the bundle's "${path}": ${(cause as Error).message.split('\n')[0]}`);
  }
}

export function decodeDevices(config: unknown): readonly NetDevice[] {
  const {linux} = validate(configSchema, config);
  const devices = Object.entries(linux?.netDevices ?? {}).map(([device, asked]) => ({
    device,
    name: asked?.name || device,
  }));
  for (const [i, {device, name}] of devices.entries()) {
    const other = devices.slice(0, i).find(each => each.name === name);
    if (other !== undefined)
      throw badRequest(`linux.netDevices: "${other.device}" and "${device}" cannot both be "${name}"`);
  }
  return devices;
}
