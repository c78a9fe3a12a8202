import type {DeviceLimit, Limits} from '../../model/limits.ts';
import type {CgroupHost} from './host.ts';
import {isSet} from './limits.ts';
import type {DeviceNumber} from './plan.ts';
import {type CgroupWrite, isV2, writer} from './write.ts';

/** v1's file and v2's key in io.max for each option that throttles. */
const throttles = [
  {option: '--device-read-bps', limit: 'deviceReadBps', file: 'blkio.throttle.read_bps_device', key: 'rbps'},
  {option: '--device-write-bps', limit: 'deviceWriteBps', file: 'blkio.throttle.write_bps_device', key: 'wbps'},
  {option: '--device-read-iops', limit: 'deviceReadIops', file: 'blkio.throttle.read_iops_device', key: 'riops'},
  {option: '--device-write-iops', limit: 'deviceWriteIops', file: 'blkio.throttle.write_iops_device', key: 'wiops'},
] as const;

/** Block I/O. Whole disks only: the kernel answers ENODEV for a partition. */
export function blkioWrites(limits: Limits, host: CgroupHost, deviceNumber: DeviceNumber): CgroupWrite[] {
  const controller = host.controllers.has('blkio') ? 'blkio' : 'io';
  const v2 = isV2(host, controller);
  const throttle = ({option, limit, file, key}: (typeof throttles)[number]) =>
    limits[limit].map(({path, value}) => {
      const rate = `${deviceNumber(path)} ${v2 ? `${key}=${value || 'max'}` : value}`;
      return writer(host, controller, option)(v2 ? 'io.max' : file, rate);
    });
  return [
    ...(isSet(limits.blkioWeight) ? [weightWrite(limits.blkioWeight, host, controller)] : []),
    ...limits.blkioWeightDevices.map(device => deviceWeightWrite(device, {host, controller, deviceNumber})),
    ...throttles.flatMap(throttle),
  ];
}

/** BFQ's own file has no other scale; without BFQ v2 has io.weight (iocost), 1..10000. */
function weightWrite(weight: number, host: CgroupHost, controller: string): CgroupWrite {
  const write = writer(host, controller, '--blkio-weight');
  if (isV2(host, controller)) return {...write('io.bfq.weight', weight), instead: write('io.weight', ioWeight(weight))};
  return {...write('blkio.weight', weight), instead: write('blkio.bfq.weight', weight)};
}

interface Where {
  readonly host: CgroupHost;
  readonly controller: string;
  readonly deviceNumber: DeviceNumber;
}

function deviceWeightWrite({path, value}: DeviceLimit, {host, controller, deviceNumber}: Where): CgroupWrite {
  const write = writer(host, controller, '--blkio-weight-device');
  const number = deviceNumber(path);
  if (isV2(host, controller))
    return {
      ...write('io.bfq.weight', `${number} ${value}`),
      instead: write('io.weight', `${number} ${ioWeight(value)}`),
    };
  return {
    ...write('blkio.weight_device', `${number} ${value}`),
    instead: write('blkio.bfq.weight_device', `${number} ${value}`),
  };
}

/** 10..1000 → 1..10000, as runc and crun. */
function ioWeight(weight: number): number {
  return 1 + Math.floor(((weight - 10) * 9999) / 990);
}
