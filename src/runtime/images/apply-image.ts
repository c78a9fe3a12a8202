import type {ContainerConfig} from '../../model/container.ts';
import {mergeHealthcheck} from '../../model/healthcheck.ts';
import {plainConfig} from '../../model/image.ts';
import type {Image} from './image.ts';

/** What the user left open, the image decides (moby daemon/commit.go, merge). Its Env comes in at start. */
export function applyImage(config: ContainerConfig, image: Image): ContainerConfig {
  const {workingDir, user, exposed, labels, stopSignal, healthcheck} = image.stored?.config ?? plainConfig;
  return {
    ...config,
    ...applyCommand(config, image),
    cwd: config.cwd || workingDir || '/',
    exposed: [...new Set([...config.exposed, ...exposed])],
    labels: {...labels, ...config.labels},
    stopSignal: config.stopSignal || stopSignal || 'SIGTERM',
    process: {...config.process, user: config.process.user || user},
    healthcheck: mergeHealthcheck(config.healthcheck, healthcheck ?? null),
  };
}

/** A command of one's own entry point is complete: the image's Cmd belongs to the image's. */
function applyCommand(config: ContainerConfig, image: Image): Pick<ContainerConfig, 'args' | 'entrypoint'> {
  if (config.entrypoint.length > 0) return config;
  const {entrypoint} = image.stored?.config ?? plainConfig;
  return {entrypoint, args: [...entrypoint, ...(config.args.length > 0 ? config.args : image.cmd)]};
}
