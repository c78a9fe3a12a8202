/**
 * The part of Docker's `--format` templates that rows need: `{{.Name}}`, with `\t` and `\n` as typed. SyntaxError for a field
 * that a row has not, naming those it has.
 */
export function formatTemplate(template: string, row: object): string {
  const fields = row as Readonly<Record<string, unknown>>;
  return template
    .replaceAll('\\t', '\t')
    .replaceAll('\\n', '\n')
    .replace(/\{\{(.*?)\}\}/g, (_, expression: string) => {
      const name = /^\s*\.(\w+)\s*$/.exec(expression)?.[1] ?? '';
      if (!Object.hasOwn(fields, name))
        throw new SyntaxError(
          `template: no "${expression.trim()}" here: want one of .${Object.keys(fields).join(' .')}`,
        );
      return String(fields[name]);
    });
}
