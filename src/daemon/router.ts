import {badRequest} from './failure.ts';

export interface Pattern {
  readonly method: string;
  /** `/containers/:ref/json`; `:x` is one segment, `*x` may hold slashes. */
  readonly path: string;
}

export interface Match<T> {
  readonly route: T;
  readonly params: Readonly<Record<string, string>>;
}

/** Exact method and path; `/v1.48` before it is optional, and any version will do. Null when nothing matches. */
export function createRouter<T extends Pattern>(
  routes: readonly T[],
): (method: string, path: string) => Match<T> | null {
  const compiled = routes.map(route => ({route, regexp: compile(route.path)}));
  return (method, path) => {
    const bare = path.replace(/^\/v\d+\.\d+(?=\/)/, '');
    for (const {route, regexp} of compiled) {
      const match = route.method === method ? regexp.exec(bare) : null;
      if (match) return {route, params: decodeParams(match.groups ?? {})};
    }
    return null;
  };
}

function compile(path: string): RegExp {
  return new RegExp(`^${path.replace(/:(\w+)/g, '(?<$1>[^/]+)').replace(/\*(\w+)/g, '(?<$1>.+)')}$`);
}

function decodeParams(groups: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, decodeSegment(value)]));
}

function decodeSegment(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw badRequest(`invalid path segment "${text}"`);
  }
}
