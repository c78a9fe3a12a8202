import type {ServerParts} from '../parts.ts';
import type {HijackRoute, Route} from '../route.ts';
import {archiveRoutes} from './archive.ts';
import {captureRoutes} from './capture.ts';
import {attachRoutes, containerStreamRoutes} from './container-streams.ts';
import {containerRoutes} from './containers.ts';
import {dockerPluginRoutes} from './docker-plugin.ts';
import {doctorRoutes} from './doctor.ts';
import {eventRoutes} from './events.ts';
import {execHijackRoutes, execRoutes} from './exec.ts';
import {imageRoutes} from './images.ts';
import {networkRoutes} from './networks.ts';
import {pluginRoutes} from './plugin.ts';
import {statsRoutes} from './stats.ts';
import {systemRoutes} from './system.ts';
import {tnetRoutes} from './tnet.ts';
import {topologyRoutes} from './topology.ts';
import {traceRoutes} from './trace.ts';
import {usageRoutes} from './usage.ts';
import {volumeRoutes} from './volumes.ts';

export function routes(parts: ServerParts): readonly Route[] {
  return [
    systemRoutes,
    eventRoutes,
    containerRoutes,
    containerStreamRoutes,
    archiveRoutes,
    execRoutes,
    networkRoutes,
    imageRoutes,
    volumeRoutes,
    tnetRoutes,
    pluginRoutes,
    dockerPluginRoutes,
    doctorRoutes,
    statsRoutes,
    captureRoutes,
    topologyRoutes,
    traceRoutes,
    usageRoutes,
  ].flatMap(subject => subject(parts));
}

export function hijackRoutes(parts: ServerParts): readonly HijackRoute[] {
  return [attachRoutes, execHijackRoutes].flatMap(subject => subject(parts));
}
