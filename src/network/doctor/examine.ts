import type {Severity} from './catalogue.ts';
import {checkDrift} from './drift.ts';
import type {Facts} from './facts.ts';
import type {Check, Finding} from './finding.ts';
import {checkForward} from './firewalls.ts';
import {hostChecks} from './host.ts';
import {checkForeignLinks, checkLeftovers, checkLostSandboxes} from './leftovers.ts';
import {checkEphemeralPorts, checkHeldPorts, checkMtu, checkPortsOfBridge, checkSubnets} from './networks.ts';

/** A new check is one more function here, a kind in the catalogue, and a row in its test. */
const checks: readonly Check[] = [
  checkDrift,
  checkForeignLinks,
  checkLostSandboxes,
  checkForward,
  checkSubnets,
  checkMtu,
  checkPortsOfBridge,
  checkHeldPorts,
  checkEphemeralPorts,
  ...hostChecks,
  checkLeftovers,
];

const order: readonly Severity[] = ['error', 'warning', 'note'];

/** All findings, the worst first. */
export function examine(facts: Facts): readonly Finding[] {
  const findings = checks.flatMap(check => check(facts));
  return order.flatMap(severity => findings.filter(each => each.severity === severity));
}

/** Notes are no illness. */
export function isHealthy(findings: readonly Finding[]): boolean {
  return findings.every(({severity}) => severity === 'note');
}
