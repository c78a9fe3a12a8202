import {readdir, rm} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {killCgroup, listCgroups, removeCgroup} from './cgroup/cgroup.ts';
import {containerPlaces, containersDir, netnsDir, sharedMemoryDir, socketsDir} from './places.ts';
import {unmountSharedMemory} from './shared-memory.ts';
import type {StartParts} from './start.ts';

/** Takes away what a run of `id` had outside the container's own files, but for its network; each part may be gone already. */
export async function cleanUpRun({cgroups, roots, cgroupPath}: StartParts, id: string): Promise<void> {
  await killCgroup(cgroups, cgroupPath(id));
  await removeCgroup(cgroups, cgroupPath(id));
  const {sharedMemory, socket} = containerPlaces(roots, id);
  unmountSharedMemory(sharedMemory);
  await rm(socket, {force: true});
}

/** Takes its network away. Whoever joined its sandbox is left with loopback. */
export async function releaseNetwork({controller, roots, dns}: StartParts, id: string): Promise<void> {
  const {netns} = containerPlaces(roots, id);
  await controller.detach(...controller.attachmentsOf({owner: id}).map(attachment => attachment.id));
  dns.close(netns);
  await controller.removeSandbox(netns);
}

/** Takes away what belongs to no container: a crash may have come between making it and writing it down, or the reverse. */
export async function sweepRuns(parts: StartParts, known: ReadonlySet<string>): Promise<void> {
  const {controller, cgroups, roots} = parts;
  const short = new Set(Array.from(known, id => id.slice(0, 12)));
  const orphans = async (dir: string, isKnown: (name: string) => boolean): Promise<string[]> =>
    (await readdir(dir).catch(() => [])).filter(name => !isKnown(name)).map(name => join(dir, name));
  for (const id of listCgroups(cgroups, parts.cgroupPath(''))) {
    if (known.has(id)) continue;
    await killCgroup(cgroups, parts.cgroupPath(id));
    await removeCgroup(cgroups, parts.cgroupPath(id));
  }
  // Only those in our own sandboxes: other runtimes' attachments are swept by their own plugin.
  for (const {id, owner, sandbox} of controller.attachmentsOf({})) {
    if (!known.has(owner) && dirname(sandbox) === netnsDir(roots)) await controller.detach(id);
  }
  for (const path of await orphans(netnsDir(roots), name => short.has(name))) await controller.removeSandbox(path);
  for (const path of await orphans(sharedMemoryDir(roots), name => short.has(name))) unmountSharedMemory(path);
  for (const path of await orphans(socketsDir(roots), name => short.has(name.replace(/\.sock$/, ''))))
    await rm(path, {force: true});
  for (const path of await orphans(containersDir(roots), name => known.has(name)))
    await rm(path, {recursive: true, force: true});
}
