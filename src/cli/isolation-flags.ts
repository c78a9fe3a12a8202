import type {Command} from 'commander';
import {collect} from './parse.ts';

/** Options of `run` and `create` about isolation, as commander leaves them. */
export interface IsolationOptions {
  readonly pid?: string;
  readonly ipc?: string;
  readonly uts?: string;
  readonly userns?: string;
  readonly uidmap?: readonly string[];
  readonly gidmap?: readonly string[];
  readonly cgroupns?: string;
  readonly privileged?: boolean;
  readonly capAdd?: readonly string[];
  readonly capDrop?: readonly string[];
  readonly readOnly?: boolean;
}

export function isolationFlags(command: Command): Command {
  return command
    .option('--pid <mode>', 'processes it sees: host or container:<name>')
    .option('--ipc <mode>', 'none, private, shareable, host or container:<name>')
    .option('--uts <mode>', "host: the machine's host name, which it may change")
    .option('--userns <mode>', 'host, auto[:size=N]: ids that nobody else has, private: those of --uidmap')
    .option('--uidmap <inside:outside:count>', 'ids of users inside and on the machine (repeatable)', collect)
    .option('--gidmap <inside:outside:count>', 'the same for groups, else they are as users (repeatable)', collect)
    .option('--cgroupns <mode>', 'private or host')
    .option('--privileged', 'every capability and device, nothing masked: as root on the machine')
    .option('--cap-add <capability>', 'capability, or ALL (repeatable)', collect)
    .option('--cap-drop <capability>', 'capability, or ALL (repeatable)', collect)
    .option('--read-only', 'its root file system is read-only');
}

/** Their part of HostConfig. */
export function isolationBody(options: IsolationOptions): Readonly<Record<string, unknown>> {
  const fields = {
    PidMode: options.pid,
    IpcMode: options.ipc,
    UTSMode: options.uts,
    UsernsMode: options.userns,
    UIDMap: options.uidmap,
    GIDMap: options.gidmap,
    CgroupnsMode: options.cgroupns,
    Privileged: options.privileged,
    CapAdd: options.capAdd,
    CapDrop: options.capDrop,
    ReadonlyRootfs: options.readOnly,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
