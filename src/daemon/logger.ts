export type Level = 'info' | 'warn' | 'error';
export type Logger = Readonly<Record<Level, (message: string, error?: unknown) => void>>;

/**
 * One line an event: `2026-11-24T10:00:00.000Z info listening on "/run/tnet/tnet.sock"`. Line breaks inside a message
 * become ` | `, so that nobody's container name can forge a line; a client reads its daemon's last `error` line.
 */
export function createLogger(write: (line: string) => void, now: () => Date = () => new Date()): Logger {
  const log =
    (level: Level) =>
    (message: string, error?: unknown): void =>
      write(
        `${now().toISOString()} ${level} ${oneLine(error === undefined ? message : `${message}: ${detail(error)}`)}\n`,
      );
  return {info: log('info'), warn: log('warn'), error: log('error')};
}

/** Stack and causes of what was not foreseen. */
function detail(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\ncaused by ${detail(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}

function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not reach the log
  return text.replace(/\s*[\r\n]+\s*/g, ' | ').replace(/[\0-\x08\x0b-\x1f\x7f]/g, '?');
}
