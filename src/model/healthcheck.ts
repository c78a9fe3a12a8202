/** How Docker writes what to run; `''` is what the image says. */
export type HealthTestKind = 'NONE' | 'CMD' | 'CMD-SHELL' | '';

/** What was asked for; a number that is 0 is the default. */
export interface Healthcheck {
  readonly kind: HealthTestKind;
  /** The command, or the one line for the shell. */
  readonly args: readonly string[];
  readonly intervalNs: number;
  readonly timeoutNs: number;
  /** Failures in a row until it is unhealthy. */
  readonly retries: number;
  /** From the start on: failures do not count before it has been healthy once. */
  readonly startPeriodNs: number;
  /** Between probes meanwhile. */
  readonly startIntervalNs: number;
}

/** Field by field, the asked for one over the image's, as moby (daemon/commit.go, merge). */
export function mergeHealthcheck(asked: Healthcheck | null, image: Healthcheck | null): Healthcheck | null {
  if (asked === null || image === null) return asked ?? image;
  const {kind, args} = asked.kind === '' ? image : asked;
  return {
    kind,
    args,
    intervalNs: asked.intervalNs || image.intervalNs,
    timeoutNs: asked.timeoutNs || image.timeoutNs,
    retries: asked.retries || image.retries,
    startPeriodNs: asked.startPeriodNs || image.startPeriodNs,
    startIntervalNs: asked.startIntervalNs || image.startIntervalNs,
  };
}

export const healthStatuses = ['starting', 'healthy', 'unhealthy'] as const;
export type HealthStatus = (typeof healthStatuses)[number];

export interface HealthResult {
  /** RFC 3339. */
  readonly start: string;
  readonly end: string;
  /** 0 is healthy; -1 when there is none: it took too long, or did not start. */
  readonly exitCode: number;
  readonly output: string;
}

export interface Health {
  readonly status: HealthStatus;
  readonly failingStreak: number;
  /** The last five, the oldest first. */
  readonly log: readonly HealthResult[];
}
