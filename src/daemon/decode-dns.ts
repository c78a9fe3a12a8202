import type * as v from 'valibot';
import {object} from 'valibot';
import type {DnsConfig, ExtraHost} from '../model/container.ts';
import {parseIp} from '../model/ip.ts';
import {badRequest, decoding} from './failure.ts';
import {orNull, texts} from './validate.ts';

export const dnsFields = {
  Dns: orNull(texts),
  DnsSearch: orNull(texts),
  DnsOptions: orNull(texts),
  ExtraHosts: orNull(texts),
};

const schema = object(dnsFields);

/** `--dns`, `--dns-search`, `--dns-option`. They become words of /etc/resolv.conf. */
export function decodeDns({Dns, DnsSearch, DnsOptions}: v.InferOutput<typeof schema>): DnsConfig {
  return {
    servers: (Dns ?? []).map(server => decoding(() => parseIp(server))),
    search: (DnsSearch ?? []).map(domain => word(domain, 'DNS search domain')),
    options: (DnsOptions ?? []).map(option => word(option, 'DNS option')),
  };
}

/** `name:address` or `name=address`; `name:host-gateway` is the host. */
export function decodeExtraHosts(hosts: readonly string[]): readonly ExtraHost[] {
  return hosts.map(host => {
    const match = /^([^:=#\s]+)[:=](.+)$/.exec(host);
    if (!match) throw badRequest(`bad format for add-host: "${host}": want name:address`);
    const [, name = '', address = ''] = match;
    if (address === 'host-gateway') return {name, address: null};
    return {name, address: decoding(() => parseIp(address.replace(/^\[(.*)\]$/, '$1')))};
  });
}

function word(text: string, what: string): string {
  if (/^[^\s#;]{1,255}$/.test(text)) return text;
  throw badRequest(`invalid ${what} "${text}"`);
}
