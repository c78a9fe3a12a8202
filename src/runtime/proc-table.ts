import {readFileSync} from 'node:fs';
import type {ProcessTable} from './ps-table.ts';

/** USER_HZ, which is 100 on every architecture that node runs on. */
const ticksPerSecond = 100;

/** What `ps -ef` shows, from /proc (proc(5)); a process that is gone meanwhile is left out. */
export function readProcesses(pids: readonly number[]): ProcessTable {
  const uptimeS = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
  const bootMs = Date.now() - uptimeS * 1000;
  return {
    titles: ['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD'],
    rows: pids.flatMap(pid => readProcess(pid, {uptimeS, bootMs})),
  };
}

interface Clock {
  readonly uptimeS: number;
  readonly bootMs: number;
}

function readProcess(pid: number, {uptimeS, bootMs}: Clock): readonly (readonly string[])[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [, name = ''] = /\((.*)\)/s.exec(stat) ?? [];
    // The name may hold anything: fields are counted from its end, and there stands field 3.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const cpuS = (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
    const startS = Number(fields[19]) / ticksPerSecond;
    const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replace(/\0$/, '').replaceAll('\0', ' ');
    const uid = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
    const load = String(Math.floor((cpuS / Math.max(1, uptimeS - startS)) * 100));
    const began = new Date(bootMs + startS * 1000).toTimeString().slice(0, 5);
    return [[uid, String(pid), fields[1]!, load, began, '?', formatTime(cpuS), args || `[${name}]`]];
  } catch {
    return [];
  }
}

/** `00:01:02` */
function formatTime(seconds: number): string {
  return [seconds / 3600, (seconds / 60) % 60, seconds % 60]
    .map(part => String(Math.floor(part)).padStart(2, '0'))
    .join(':');
}
