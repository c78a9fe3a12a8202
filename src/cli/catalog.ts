import type {Command} from 'commander';
import type {Context} from './context.ts';

/** Adds a command to the program. */
export type Register = (program: Command, context: Context) => void;

/** `sub`: the word after a group's name; left out, everything below it is registered. */
type Load = (sub?: string) => Promise<Register>;

/** Loaded by name: only the invoked command's code is evaluated. The order is that of `tnet --help`. */
export const catalog: Readonly<Record<string, Load>> = {
  run: async () => (await import('./commands/run.ts')).registerRun,
  create: async () => (await import('./commands/create.ts')).registerCreate,
  ps: async () => (await import('./commands/ps.ts')).registerPs,
  exec: async () => (await import('./commands/exec.ts')).registerExec,
  attach: async () => (await import('./commands/attach.ts')).registerAttach,
  logs: async () => (await import('./commands/logs.ts')).registerLogs,
  start: async () => (await import('./commands/start.ts')).registerStart,
  restart: async () => (await import('./commands/lifecycle.ts')).registerRestart,
  stop: async () => (await import('./commands/lifecycle.ts')).registerStop,
  kill: async () => (await import('./commands/lifecycle.ts')).registerKill,
  pause: async () => (await import('./commands/lifecycle.ts')).registerPause,
  unpause: async () => (await import('./commands/lifecycle.ts')).registerUnpause,
  update: async () => (await import('./commands/update.ts')).registerUpdate,
  rm: async () => (await import('./commands/lifecycle.ts')).registerRm,
  rename: async () => (await import('./commands/lifecycle.ts')).registerRename,
  wait: async () => (await import('./commands/wait.ts')).registerWait,
  stats: async () => (await import('./commands/stats.ts')).registerStats,
  top: async () => (await import('./commands/top.ts')).registerTop,
  inspect: async () => (await import('./commands/inspect.ts')).registerInspect,
  cp: async () => (await import('./commands/cp.ts')).registerCp,
  diff: async () => (await import('./commands/diff.ts')).registerDiff,
  container: async () => (await import('./commands/container.ts')).registerContainer,
  events: async () => (await import('./commands/events.ts')).registerEvents,
  port: async () => (await import('./commands/port.ts')).registerPort,
  capture: async () => (await import('./commands/capture.ts')).registerCapture,
  topology: async () => (await import('./commands/topology.ts')).registerTopology,
  network: async () => (await import('./commands/network.ts')).registerNetwork,
  volume: async () => (await import('./commands/volume.ts')).registerVolume,
  doctor: async () => (await import('./commands/doctor.ts')).registerDoctor,
  trace: async () => (await import('./commands/trace.ts')).registerTrace,
  lab: async sub => (await import('./commands/lab.ts')).labRegister(sub),
  image: async () => (await import('./commands/image.ts')).registerImage,
  plugin: async () => (await import('./commands/plugin.ts')).registerPlugin,
  images: async () => (await import('./commands/images.ts')).registerImages,
  system: async () => (await import('./commands/system.ts')).registerSystem,
  version: async () => (await import('./commands/version.ts')).registerVersion,
  daemon: async () => (await import('./commands/daemon.ts')).registerDaemon,
  completion: async () => (await import('./commands/completion.ts')).registerCompletion,
};

/** The registrations an invocation needs: one, or all of them for help and for a word that is no command. */
export function needed([name, sub]: readonly string[]): Promise<Register[]> {
  const loaders = name !== undefined && Object.hasOwn(catalog, name) ? [catalog[name]!] : Object.values(catalog);
  return Promise.all(loaders.map(load => load(sub)));
}

const withValue = new Set(['--root', '--run-root']);

/** Commands that have commands of their own. */
const groups = new Set(['container', 'plugin', 'network', 'volume', 'image', 'system', 'daemon', 'lab']);

/** The words that choose the command: the first that is no global option, and a group's own. */
export function commandWords(args: readonly string[]): readonly string[] {
  let at = 0;
  while (at < args.length && args[at]!.startsWith('-')) at += withValue.has(args[at]!) ? 2 : 1;
  const [name, sub] = args.slice(at, at + 2);
  if (name === undefined) return [];
  const group = groups.has(name);
  return group && sub !== undefined && !sub.startsWith('-') ? [name, sub] : [name];
}
