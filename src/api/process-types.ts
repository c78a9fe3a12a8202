/** HostConfig's part about the process itself; what was not asked for is left out. */
export interface ProcessCreate {
  readonly GroupAdd?: readonly string[];
  readonly Init?: boolean;
  readonly Ulimits?: readonly {readonly Name: string; readonly Soft: number; readonly Hard: number}[];
  readonly Sysctls?: Readonly<Record<string, string>>;
  readonly ShmSize?: number;
  readonly OomScoreAdj?: number;
  readonly Devices?: readonly {
    readonly PathOnHost: string;
    readonly PathInContainer: string;
    readonly CgroupPermissions: string;
  }[];
  readonly DeviceCgroupRules?: readonly string[];
  readonly SecurityOpt?: readonly string[];
}
