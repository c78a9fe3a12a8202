import {TnetError} from '../../errors.ts';
import type {ContainerConfig} from '../../model/container.ts';
import {plainConfig} from '../../model/image.ts';
import type {Image} from './image.ts';

/** What the user left open, the image decides (moby daemon/commit.go, merge). Its Env comes in at start. */
export function applyImage(config: ContainerConfig, image: Image): ContainerConfig {
  const {entrypoint, cmd, workingDir, user, exposed, labels, stopSignal} = image.stored?.config ?? plainConfig;
  refuseUser(user, image);
  const command = config.args.length > 0 ? config.args : cmd;
  return {
    ...config,
    // A command of one's own entry point is complete: the image's Cmd belongs to the image's.
    args: config.entrypoint.length > 0 ? config.args : [...entrypoint, ...command],
    cwd: config.cwd === '/' && workingDir !== '' ? workingDir : config.cwd,
    exposed: [...new Set([...config.exposed, ...exposed])],
    labels: {...labels, ...config.labels},
    stopSignal: config.stopSignal === 'SIGTERM' && stopSignal !== '' ? stopSignal : config.stopSignal,
  };
}

function refuseUser(user: string, {name}: Image): void {
  if (['', '0', 'root', '0:0', 'root:root'].includes(user)) return;
  throw new TnetError('ERR_UNSUPPORTED', `image "${name}" runs as user "${user}", which is not supported`);
}
