import {badRequest} from './failure.ts';

/** `80`, `80/tcp`, `8000-8080/udp` of the filters `publish` and `expose`. */
export function parsePortFilter(value: string): (port: number | undefined, proto: string) => boolean {
  const [, from, to = from, wanted = 'tcp'] = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/.exec(value) ?? [];
  if (from === undefined || Number(to) < Number(from) || Number(to) > 65_535)
    throw badRequest(`invalid port filter "${value}": want <port>[-<port>][/<proto>]`);
  return (port, proto) => port !== undefined && proto === wanted && port >= Number(from) && port <= Number(to);
}
