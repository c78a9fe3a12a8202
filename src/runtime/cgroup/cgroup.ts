/** The door of this room: limits of containers on cgroup v1, v2 and hybrid hosts. */
export {checkLimits} from './available.ts';
export {type CreatedCgroup, createCgroup, joinCgroup} from './create.ts';
export {detectCgroups} from './detect.ts';
export {freezeCgroup, isFrozen, thawCgroup} from './freeze.ts';
export {type DeviceAccess, guardDevices} from './guard-devices.ts';
export type {CgroupHost} from './host.ts';
export {killCgroup} from './kill.ts';
export {type LimitsChange, mergeLimits} from './merge.ts';
export {watchOom} from './oom.ts';
export {cgroupProcesses, countOomKills, listCgroups, readOomKilled} from './read.ts';
export {removeCgroup} from './remove.ts';
export {type LimitSupport, limitSupport} from './support.ts';
export {updateCgroup} from './update.ts';
export {type CgroupUsage, type MemoryUsage, openUsage, type UsageReader} from './usage.ts';
