/** The door of this room: limits of containers on cgroup v1, v2 and hybrid hosts. */
export {type CreatedCgroup, createCgroup, joinCgroup} from './create.ts';
export {detectCgroups} from './detect.ts';
export type {CgroupHost} from './host.ts';
export {killCgroup} from './kill.ts';
export {listCgroups, readOomKilled} from './read.ts';
export {removeCgroup} from './remove.ts';
