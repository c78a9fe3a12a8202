import {badRequest} from '../failure.ts';

/** How another runtime has called us. */
export interface PluginCall {
  /** argv[0] without its folder: `bridge`, `netavark`. */
  readonly name: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly input: string;
}

/** What it gets. */
export interface PluginAnswer {
  /** Exit code. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export const succeeded = (stdout = ''): PluginAnswer => ({code: 0, stdout, stderr: ''});

/** `argc NUL argument NUL … count NUL NAME=value NUL … input`, as addon/plugin/call.cc writes it. Throws ERR_BAD_REQUEST. */
export function decodePluginCall(bytes: Buffer): PluginCall {
  const fields = fieldReader(bytes);
  const [path = '', ...args] = fields.list();
  const env = Object.fromEntries(fields.list().reverse().map(splitVariable));
  return {name: path.slice(path.lastIndexOf('/') + 1), args, env, input: fields.rest()};
}

/** Of a variable that is there twice, getenv(3) gives the first. */
function splitVariable(entry: string): [string, string] {
  const [name = ''] = entry.split('=', 1);
  return [name, entry.slice(name.length + 1)];
}

function fieldReader(bytes: Buffer): {list(): string[]; rest(): string} {
  let at = 0;
  const field = (): string => {
    const end = bytes.indexOf(0, at);
    if (end < 0) throw badRequest('a plugin call ended within its arguments');
    const text = bytes.toString('utf8', at, end);
    at = end + 1;
    return text;
  };
  return {
    list() {
      const count = Number(field());
      const fields: string[] = [];
      while (fields.length < count) fields.push(field());
      return fields;
    },
    rest: () => bytes.toString('utf8', at),
  };
}
