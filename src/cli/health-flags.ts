import type {Command} from 'commander';
import type {HealthcheckFields} from '../api/health-types.ts';
import {given, parseInteger} from './parse.ts';
import {parseDurationNs} from './parse-duration-ns.ts';

/** How a container is probed, as commander leaves it; durations in ns. */
export interface HealthOptions {
  readonly healthCmd?: string;
  readonly healthInterval?: number;
  readonly healthTimeout?: number;
  readonly healthRetries?: number;
  readonly healthStartPeriod?: number;
  readonly healthStartInterval?: number;
  /** commander's way of saying --no-healthcheck. */
  readonly healthcheck?: boolean;
}

export function healthFlags(command: Command): Command {
  return command
    .option('--health-cmd <command>', 'probe it with this line of sh: exit code 0 is healthy')
    .option('--health-interval <duration>', 'between probes (30s)', parseDurationNs)
    .option('--health-timeout <duration>', 'a probe that takes longer is killed, and has failed (30s)', parseDurationNs)
    .option('--health-retries <n>', 'failures in a row until it is unhealthy (3)', parseInteger)
    .option('--health-start-period <duration>', 'failures do not count so long (0s)', parseDurationNs)
    .option('--health-start-interval <duration>', 'between probes meanwhile (5s)', parseDurationNs)
    .option('--no-healthcheck', 'no probes, whatever the image says');
}

/** Throws SyntaxError in the words of Docker's command. */
export function healthBody(options: HealthOptions): {readonly Healthcheck?: HealthcheckFields} {
  const numbers = {
    Interval: natural('interval', options.healthInterval),
    Timeout: natural('timeout', options.healthTimeout),
    Retries: natural('retries', options.healthRetries),
    StartPeriod: natural('start-period', options.healthStartPeriod),
    StartInterval: natural('start-interval', options.healthStartInterval),
  };
  const asked = Object.fromEntries(Object.entries(numbers).filter(([, value]) => value));
  const body = {...given('Test', options.healthCmd ? ['CMD-SHELL', options.healthCmd] : undefined), ...asked};
  const empty = Object.keys(body).length === 0;
  if (options.healthcheck !== false) return empty ? {} : {Healthcheck: body};
  if (!empty) throw new SyntaxError('--no-healthcheck conflicts with --health-* options');
  return {Healthcheck: {Test: ['NONE']}};
}

function natural(name: string, value: number | undefined): number | undefined {
  if (value !== undefined && value < 0) throw new SyntaxError(`--health-${name} cannot be negative`);
  return value;
}
