import * as v from 'valibot';
import type {ContainerUpdate} from '../runtime/update-container.ts';
import {limitFields, readLimits, refuseMixedCpu} from './decode-limits.ts';
import {decodeRestart, restartFields} from './decode-restart.ts';
import {decoding} from './failure.ts';
import {type Accepted, anything, oneOf, refuseUnsupported} from './unsupported.ts';
import {validate} from './validate.ts';

const updateBody = v.looseObject({...limitFields, RestartPolicy: restartFields.RestartPolicy});

/** What may be changed: as Docker, nothing of single disks, and neither swappiness nor the OOM killer. */
const names =
  'CpuShares CpuPeriod CpuQuota NanoCpus CpuRealtimePeriod CpuRealtimeRuntime CpusetCpus CpusetMems Memory MemorySwap MemoryReservation PidsLimit BlkioWeight';
const acceptedUpdate: Accepted = {
  ...Object.fromEntries(names.split(' ').map(name => [name, anything])),
  MemorySwappiness: oneOf(-1),
  RestartPolicy: anything,
};

/** Body of POST /containers/{id}/update: 0, '' and null change nothing. Throws ERR_BAD_REQUEST or ERR_UNSUPPORTED naming the field. */
export function decodeUpdate(input: unknown): ContainerUpdate {
  const body = validate(updateBody, input ?? {});
  refuseUnsupported(body, acceptedUpdate, '');
  refuseMixedCpu(body);
  const given = Object.entries(readLimits(body)).filter(([, value]) => isGiven(value));
  const restart = body.RestartPolicy?.Name ? decoding(() => decodeRestart({RestartPolicy: body.RestartPolicy})) : null;
  return {limits: Object.fromEntries(given), restart};
}

/** A pids limit of 0 is one: "unlimited". */
function isGiven(value: unknown): boolean {
  return value !== null && value !== false && !(Array.isArray(value) && value.length === 0);
}
