import * as v from 'valibot';
import {joinPorts} from '../model/join-ports.ts';
import {type PortMapping, parsePortMapping, portMapping} from '../model/port-mapping.ts';
import {decoding} from './failure.ts';
import {orNull, text, texts} from './validate.ts';

const binding = v.object({HostIp: orNull(text), HostPort: orNull(text)});

export const portFields = {
  PortBindings: orNull(v.record(text, orNull(v.array(binding)))),
  /** Ours, `-p` as it was typed (api/engine-types.ts). */
  Publish: orNull(texts),
};

const schema = v.object(portFields);

/** `{"80/tcp":[{"HostIp":"","HostPort":"8080"}]}`. A port without bindings gets one chosen by us, as in Docker. */
export function decodePorts({PortBindings, Publish}: v.InferOutput<typeof schema>): readonly PortMapping[] {
  const bound = Object.entries(PortBindings ?? {}).flatMap(([port, bindings]) => {
    const [container = '', proto = 'tcp'] = port.split('/', 2);
    const wanted = bindings?.length ? bindings : [{HostIp: '', HostPort: ''}];
    return wanted.map(({HostIp, HostPort}) =>
      decoding(() => portMapping({ip: HostIp ?? '', host: HostPort ?? '', container, proto})),
    );
  });
  return [...joinPorts(bound), ...(Publish ?? []).map(typed => decoding(() => parsePortMapping(typed)))];
}
