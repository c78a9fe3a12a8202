import {mkdir, rm, writeFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import type {Container} from '../../model/container.ts';
import type {TerminalSize} from '../../model/streams.ts';
import type {AttachStream} from '../attach-stream.ts';
import {joinCgroup} from '../cgroup/cgroup.ts';
import type {Image} from '../images/image.ts';
import {allCapabilities} from '../launch/capabilities.ts';
import {launch} from '../launch/launch.ts';
import {planExec} from '../launch/plan-launch.ts';
import type {ExecSpec, RunSpec} from '../launch/run-spec.ts';
import {connectShim, type ShimConnection} from '../launch/shim-client.ts';
import {containerPlaces} from '../places.ts';
import {runSpec, type StartParts} from '../start.ts';
import type {Exec} from './exec.ts';
import {execPlaces} from './exec-places.ts';

export interface ExecStart {
  readonly exec: Exec;
  readonly container: Container;
  readonly image: Image;
  /** Of its terminal, when it has one. */
  readonly size: TerminalSize;
  /** Joined before its first instruction: nothing of its output is lost. */
  readonly stream: AttachStream;
  /** Resolves when its exit code is known: who sees the end of the stream asks for it. */
  readonly known: Promise<void>;
}

/** Starts it, and writes down that it runs. Throws as launch() does; nothing is left then. */
export async function startExec(parts: StartParts, start: ExecStart): Promise<{pid: number; shim: ShimConnection}> {
  const {exec, container} = start;
  const places = execPlaces(parts.roots, container.id, exec.id);
  for (const folder of [places.folder, dirname(places.socket)]) await mkdir(folder, {recursive: true, mode: 0o711});
  let shim: ShimConnection | null = null;
  try {
    const {pid} = await launch(planExec(execSpec(parts, start)), {
      beforeGo: async child => {
        joinCgroup(parts.cgroups, parts.cgroupPath(container.id), child);
        const running: Exec = {...exec, state: {status: 'running', pid: child, exitCode: null}};
        await writeFile(places.description, JSON.stringify(running));
        shim = await connectShim(places.socket);
        start.stream.connect(await connectShim(places.socket), start.known);
      },
    });
    return {pid, shim: shim!};
  } catch (error) {
    (shim as ShimConnection | null)?.close();
    for (const path of [places.description, places.exitRecord]) await rm(path, {force: true});
    throw error;
  }
}

function execSpec({roots, cgroups, cgroupPath}: StartParts, {exec, container, image, size}: ExecStart): ExecSpec {
  const {socket: socketPath, exitRecord} = execPlaces(roots, container.id, exec.id);
  const places = containerPlaces(roots, container.id);
  const cgroupDir = cgroups.unified === null ? null : join(cgroups.unified, cgroupPath(container.id));
  const run = ownSettings(runSpec({container, image, places, netns: null, mounts: [], cgroupDir}), exec, size);
  return {run, containerSocket: places.socket, socketPath, exitRecord};
}

/** Everything else is as the container's first process has it. */
function ownSettings(run: RunSpec, {config}: Exec, size: TerminalSize): RunSpec {
  const {args, env, cwd, privileged, streams} = config;
  const values = new Map([...run.env, ...env].map(entry => [entry.split('=', 1)[0], entry]));
  return {
    ...run,
    args,
    env: [...values.values()],
    cwd: cwd || run.cwd,
    openStdin: streams.attach.stdin,
    tty: streams.tty ? size : null,
    capabilities: privileged ? allCapabilities : run.capabilities,
  };
}
