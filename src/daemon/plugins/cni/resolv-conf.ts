import type {CniDns} from './result.ts';

/** resolv.conf(5) in CNI's words. */
export function parseResolvConf(text: string): CniDns {
  const lines = text.split('\n').map(line =>
    line
      .replace(/[#;].*/, '')
      .trim()
      .split(/\s+/),
  );
  const all = (keyword: string): readonly string[] =>
    lines.filter(([word]) => word === keyword).flatMap(([, ...rest]) => rest);
  const [nameservers, domain, options] = [all('nameserver'), all('domain').at(-1), all('options')];
  const search = lines.findLast(([word]) => word === 'search')?.slice(1) ?? [];
  return {
    ...(nameservers.length > 0 ? {nameservers} : {}),
    ...(domain === undefined ? {} : {domain}),
    ...(search.length > 0 ? {search} : {}),
    ...(options.length > 0 ? {options} : {}),
  };
}
