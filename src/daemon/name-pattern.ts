import {badRequest} from './failure.ts';

const longest = 256;
const mostRepeats = 4;

/**
 * `--filter name=`: a regular expression, as Docker's. Go's take linear time; JavaScript's can take for ever, so what
 * makes them backtrack beyond measure is refused: groups, and many repetitions.
 */
export function namePattern(text: string): RegExp {
  const refuse = (why: string): never => {
    throw badRequest(`invalid filter 'name=${text.slice(0, longest)}': ${why}`);
  };
  if (text.length > longest) refuse('too long');
  if (/[()\\]/.test(text)) refuse('groups and backslashes are not supported');
  if ((text.match(/[*+?{]/g) ?? []).length > mostRepeats) refuse(`more than ${mostRepeats} repetitions`);
  try {
    return new RegExp(text);
  } catch {
    return refuse('not a regular expression');
  }
}
