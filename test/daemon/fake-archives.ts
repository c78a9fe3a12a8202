import {TnetError} from '../../src/errors.ts';
import type {Archives} from '../../src/runtime/archive/archives.ts';

/** Files need a kernel: without one there are none. */
const nowhere = async (ref: string): Promise<never> => {
  throw new TnetError('ERR_PATH_NOT_FOUND', `Could not find the file in container ${ref}`);
};

export const fakeArchives: Archives = {stat: nowhere, pack: nowhere, unpack: nowhere, changes: nowhere};
