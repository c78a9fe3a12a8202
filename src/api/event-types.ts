/** A line of `GET /events`. */
export interface EventMessage {
  readonly Type: string;
  readonly Action: string;
  readonly Actor: {readonly ID: string; readonly Attributes: Readonly<Record<string, string>>};
  readonly scope: 'local';
  /** Seconds since 1970. */
  readonly time: number;
  /** In ns; parsed by JavaScript, rounded to 256 ns. */
  readonly timeNano: number;
}
