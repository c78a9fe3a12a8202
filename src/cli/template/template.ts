import {parseTemplate} from './blocks.ts';
import {splitSegments} from './segments.ts';

/**
 * A template of Go's, as Docker's users write them for `--format`: fields, index, range, if, with, variables, printf,
 * json … over JSON. Throws SyntaxError for what is wrong or not supported; so does the function it returns.
 */
export function compileTemplate(template: string): (data: unknown) => string {
  const render = parseTemplate(splitSegments(template));
  return data => render({dot: data, variables: new Map([['$', data]])});
}
