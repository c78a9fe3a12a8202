import * as v from 'valibot';
import {duration, scalarText} from '../../document/formats.ts';
import {type CheckType, shared} from '../check-type.ts';

export const answerSchema = v.strictObject({
  ...shared,
  type: v.literal('answer'),
  /** The learner answers with `tnet lab answer QUESTION VALUE`. */
  question: v.pipe(v.string(), v.regex(/^[a-z0-9-]+$/, 'want a-z, 0-9 and "-"')),
  text: v.string(),
  /** Compared without regard to case and blanks around it. */
  value: v.union([scalarText, v.array(scalarText)]),
});

export const answerType: CheckType<v.InferOutput<typeof answerSchema>> = {
  layer: 'answer',
  look(eyes, {question, text, value}) {
    const answer = eyes.answer(question);
    const right = [value].flat().some(each => each.trim().toLowerCase() === answer?.trim().toLowerCase());
    const got = answer === null ? `no answer yet: tnet lab answer ${question} …` : `"${answer.trim()}" is not it`;
    return {ok: right, expected: `an answer: ${text}`, got, observed: answer === null ? 'none' : 'other'};
  },
};

export const execSchema = v.strictObject({
  ...shared,
  type: v.literal('exec'),
  node: v.optional(v.string(), 'host'),
  run: v.string(),
  exit: v.optional(v.number(), 0),
  /** Has to be in what it prints. */
  output: v.optional(v.string()),
  timeout: v.optional(duration),
});

export const execType: CheckType<v.InferOutput<typeof execSchema>> = {
  layer: 'service',
  async look(eyes, {node, run, exit, output, timeout}) {
    const {code, output: said} = await eyes.run(node, run, timeout ?? 5000);
    const ok = code === exit && (output === undefined || said.includes(output));
    const wish = output === undefined ? `ends with ${exit}` : `prints ${JSON.stringify(output)}`;
    return {
      ok,
      expected: `"${run.trim()}" on ${node} ${wish}`,
      got: `exit ${code}: ${said.trim().slice(0, 120)}`,
      observed: `${code}`,
    };
  },
};
