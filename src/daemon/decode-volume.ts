import * as v from 'valibot';
import type {VolumeSpec} from '../runtime/volumes/volumes.ts';
import {badRequest} from './failure.ts';
import {checkVolumeName} from './parse-volume-spec.ts';
import {anything, refuseUnsupported} from './unsupported.ts';
import {labels, orNull, text, validate} from './validate.ts';

const fields = v.looseObject({
  Name: orNull(text),
  Driver: orNull(text),
  DriverOpts: orNull(labels),
  Labels: orNull(labels),
});

const known = {Name: anything, Driver: anything, DriverOpts: anything, Labels: anything};

/** Body of POST /volumes/create. */
export function decodeVolume(input: unknown): VolumeSpec {
  const body = validate(fields, input ?? {});
  refuseUnsupported(body, known, '');
  const driver = body.Driver || 'local';
  if (driver !== 'local') throw badRequest(`error looking up volume plugin ${driver}: plugin "${driver}" not found`);
  return {name: checkVolumeName(body.Name ?? ''), labels: body.Labels ?? {}, options: body.DriverOpts ?? {}};
}
