/**
 * Kernel files that are not namespaced and tell about the machine or change it. Moby `oci/defaults.go`; without the
 * per-CPU thermal_throttle directories, whose number only the machine knows.
 */
export const maskedPaths: readonly string[] = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
];

/** Kernel files that uid 0 may write without any capability: `/proc/sys/kernel/core_pattern` runs a program on the host. */
export const readonlyPaths: readonly string[] = [
  '/proc/bus',
  '/proc/fs',
  '/proc/irq',
  '/proc/sys',
  '/proc/sysrq-trigger',
];
