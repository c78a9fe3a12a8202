import {mkdir, rm, writeFile} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import type {Container} from '../../model/container.ts';
import type {TerminalSize} from '../../model/streams.ts';
import type {AttachStream} from '../attach-stream.ts';
import {joinCgroup} from '../cgroup/cgroup.ts';
import {readBoundingSet} from '../host-isolation.ts';
import type {Image} from '../images/image.ts';
import {grantCapabilities} from '../launch/capabilities.ts';
import {isolated} from '../launch/isolation.ts';
import {launch} from '../launch/launch.ts';
import {planExec} from '../launch/plan-launch.ts';
import type {ExecSpec, RunSpec} from '../launch/run-spec.ts';
import {connectShim, type ShimConnection} from '../launch/shim-client.ts';
import {containerPlaces} from '../places.ts';
import {execSettings} from '../process-spec.ts';
import {ownerOf, runSpec, type StartParts} from '../start.ts';
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

function execSpec(parts: StartParts, {exec, container, image, size}: ExecStart): ExecSpec {
  const {roots, cgroups, cgroupPath} = parts;
  const {socket: socketPath, exitRecord} = execPlaces(roots, container.id, exec.id);
  const places = containerPlaces(roots, container.id);
  const cgroupDir = cgroups.unified === null ? null : join(cgroups.unified, cgroupPath(container.id));
  const owner = ownerOf(parts, container);
  const files = containerPlaces(roots, owner.id);
  // Its namespaces and mounts are made: those of the plan are not used.
  const settings = execSettings(container.config, exec.config.user);
  const made = {netns: null, mounts: [], isolation: isolated, settings};
  const run = ownSettings(runSpec({...made, container, owner, image, places, files, cgroupDir}), exec, size);
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
    silent: !streams.attach.stdout && !streams.attach.stderr,
    tty: streams.tty ? size : null,
    capabilities: privileged
      ? grantCapabilities({privileged, capAdd: [], capDrop: []}, readBoundingSet())
      : run.capabilities,
  };
}
