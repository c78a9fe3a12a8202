import * as v from 'valibot';
import {duration} from '../document/formats.ts';
import type {Eyes} from './eyes.ts';

/** What one look at the lab said. `expected` and `got` are in the learner's words: `eth0 is up`, `eth0 is down`. */
export interface Verdict {
  readonly ok: boolean;
  readonly expected: string;
  readonly got: string;
  /** For hints to branch on: `none`, `silence`, `refused` … */
  readonly observed?: string;
}

/** `at least 5 ms and at most 10 ms`; a side without a limit is 0 or Infinity. */
export function formatRange(min: number, max: number, format: (value: number) => string): string {
  const words = [min > 0 ? `at least ${format(min)}` : null, Number.isFinite(max) ? `at most ${format(max)}` : null];
  return words.filter(Boolean).join(' and ');
}

/** Lower layers are looked at first: what fails there explains what fails above. */
export const layers = {
  node: 0,
  link: 1,
  neighbour: 2,
  address: 3,
  route: 4,
  filter: 5,
  reach: 6,
  service: 7,
  answer: 8,
} as const;
export type Layer = keyof typeof layers;

/** A kind of check: what it may say in scenario.yaml, and how it looks. Looks only through Eyes. */
export interface CheckType<C> {
  readonly layer: Layer;
  look(eyes: Eyes, check: C): Promise<Verdict> | Verdict;
}

/** What every check may have. */
export const shared = {
  /** Default: its type, with a number when there are several. */
  id: v.optional(v.pipe(v.string(), v.regex(/^[a-z0-9-]+$/, 'want a-z, 0-9 and "-"'))),
  /** Passes when it would fail. */
  not: v.optional(v.boolean()),
  /** How long it may take to come true; 1 s for what sends packets, else 0. */
  within: v.optional(duration),
  /** Has to stay true that long. */
  stable: v.optional(duration),
  /** Said instead of got-versus-expected, where the author knows better. */
  message: v.optional(v.string()),
};

/** For packets that must not arrive a shorter wait does: nothing in a lab takes a tenth of it. */
export const probeTimeoutMs = 400;
