/** JSON of what Docker has no word for: `?dryRun=1` and `/tnet/doctor`. */

/** One thing that would be done, or was. */
export interface Operation {
  readonly do: 'add' | 'del' | 'set';
  /** `kind` says what it is; `ns` is the sandbox, '' the host. */
  readonly item: {readonly ns: string; readonly kind: string};
  /** Of a `set`: what it is now. */
  readonly was?: {readonly ns: string; readonly kind: string};
  /** The same for people. */
  readonly text: string;
}

export interface Operations {
  readonly Operations: readonly Operation[];
}

export type Severity = 'error' | 'warning' | 'note';

export interface FindingJson {
  /** Stable; docs/doctor.md lists them. */
  readonly id: string;
  readonly severity: Severity;
  /** What it is about: `container web`, `network blue`, `host`. */
  readonly object: string;
  readonly what: string;
  readonly why: string;
  readonly fix: string;
  /** Whether `doctor --fix` mends it. */
  readonly mends: boolean;
}

export interface DoctorReport {
  /** No errors and no warnings; notes may be there. */
  readonly Healthy: boolean;
  readonly Findings: readonly FindingJson[];
  /** Why there is no daemon; what the findings could not look at then. */
  readonly Incomplete?: string;
}

/** Answer to POST /tnet/doctor. */
export interface DoctorMended extends DoctorReport {
  /** What was done. */
  readonly Done: readonly string[];
}
