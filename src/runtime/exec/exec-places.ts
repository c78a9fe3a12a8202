import {join} from 'node:path';
import {containerPlaces, type Roots} from '../places.ts';

/** Where what is known of an exec is, so that the next daemon knows it too. */
export interface ExecPlaces {
  readonly folder: string;
  readonly description: string;
  readonly exitRecord: string;
  readonly socket: string;
}

/** Of all the execs of one container's run. */
export function execFolder(roots: Roots, container: string): string {
  return join(containerPlaces(roots, container).stateDir, 'exec');
}

export function execSocketsDir({runRoot}: Roots): string {
  return join(runRoot, 'exec');
}

export function execPlaces(roots: Roots, container: string, id: string): ExecPlaces {
  const folder = execFolder(roots, container);
  return {
    folder,
    description: join(folder, `${id}.json`),
    exitRecord: join(folder, `${id}.exit`),
    // 16 digits: the path of a unix socket has 107 bytes.
    socket: join(execSocketsDir(roots), `${id.slice(0, 16)}.sock`),
  };
}
