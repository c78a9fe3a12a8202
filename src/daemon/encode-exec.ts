import type {ExecInspect} from '../api/exec-types.ts';
import type {Exec} from '../runtime/exec/exec.ts';

/** GET /exec/{id}/json. */
export function encodeExec({id, container, config, state}: Exec): ExecInspect {
  const [entrypoint = '', ...args] = config.args;
  const {tty, attach} = config.streams;
  return {
    ID: id,
    Running: state.status === 'running',
    ExitCode: state.exitCode,
    ProcessConfig: {tty, entrypoint, arguments: args, privileged: config.privileged, user: config.user},
    OpenStdin: attach.stdin,
    OpenStderr: attach.stderr,
    OpenStdout: attach.stdout,
    CanRemove: false,
    ContainerID: container,
    DetachKeys: config.detachKeys,
    Pid: state.pid,
  };
}
