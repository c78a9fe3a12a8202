import type {NetworkMode} from '../model/container.ts';
import {badRequest} from './failure.ts';

/** `default` and nothing mean `bridge`: that is what Docker's CLI says when the user says nothing. */
export function decodeNetworkMode(mode: string): NetworkMode {
  if (mode === 'host' || mode === 'none') return {kind: mode};
  const [prefix, ...rest] = mode.split(':');
  if (prefix === 'ns' && rest.length > 0) return {kind: 'namespace', path: namespacePath(rest.join(':'))};
  if (prefix !== 'container') return {kind: 'network', network: networkName(mode)};
  const container = rest.join(':');
  if (container === '') throw badRequest('Invalid network mode: invalid container format container:<name|id>');
  return {kind: 'container', container};
}

function namespacePath(path: string): string {
  if (path.startsWith('/') && !path.split('/').includes('..')) return path;
  throw badRequest(`invalid network namespace "${path}": want an absolute path, as ns:/run/netns/blue`);
}

/** What Docker's clients call the default network. */
export function networkName(mode: string): string {
  return mode === '' || mode === 'default' ? 'bridge' : mode;
}
