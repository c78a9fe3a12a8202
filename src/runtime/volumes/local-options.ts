import {TnetError} from '../../errors.ts';

type Options = Readonly<Record<string, string>>;

/** Which options need which others (moby volume/local). */
const needs: Readonly<Record<string, readonly string[]>> = {
  type: ['device'],
  device: ['type'],
  o: ['device', 'type'],
};

/** Of the driver `local`. ERR_BAD_REQUEST in Docker's words. */
export function checkOptions(options: Options): void {
  const refuse = (message: string): never => {
    throw new TnetError('ERR_BAD_REQUEST', message);
  };
  const unknown = Object.keys(options).find(name => !Object.hasOwn(needs, name));
  if (unknown !== undefined) refuse(`invalid option: "${unknown}"`);
  const missing = Object.keys(options)
    .flatMap(name => needs[name]!)
    .find(name => !options[name]);
  if (missing !== undefined) refuse(`missing required option: "${missing}"`);
}

/** Arguments of mount(8); null when the volume is a plain directory. */
export function mountArguments(options: Options, target: string): readonly string[] | null {
  const {type, device, o} = options;
  if (!type || !device) return null;
  return ['-t', type, ...(o ? ['-o', o] : []), '--', device, target];
}
