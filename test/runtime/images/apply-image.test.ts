import test from 'ava';
import type {ContainerConfig} from '../../../src/model/container.ts';
import {type Healthcheck, mergeHealthcheck} from '../../../src/model/healthcheck.ts';
import {type ImageConfig, plainConfig} from '../../../src/model/image.ts';
import {plainProcess} from '../../../src/model/process-settings.ts';
import {applyImage} from '../../../src/runtime/images/apply-image.ts';
import type {Image} from '../../../src/runtime/images/image.ts';
import {launchOomScore} from '../../../src/runtime/process-spec.ts';

const image = (config: Partial<ImageConfig>): Image => ({
  ...{id: 'sha256:0', name: 'x', tags: [], lower: [], masks: [], env: [], notes: []},
  cmd: config.cmd ?? [],
  stored: {
    ...{id: 'sha256:0', tags: [], layer: '', sizeBytes: 0, created: '', comment: ''},
    config: {...plainConfig, ...config},
  },
});
const asked = {
  ...{args: [], entrypoint: [], cwd: '', exposed: [], labels: {}, stopSignal: '', healthcheck: null},
  process: plainProcess,
} as unknown as ContainerConfig;
const apply = (config: Partial<ContainerConfig>, of: Partial<ImageConfig>) =>
  applyImage({...asked, ...config}, image(of));

const check: Healthcheck = {
  ...{kind: 'CMD', args: ['true'], intervalNs: 5e9, timeoutNs: 0},
  ...{retries: 2, startPeriodNs: 0, startIntervalNs: 0},
};
const none: Healthcheck = {...check, kind: 'NONE', args: [], intervalNs: 0, retries: 0};

test('applyImage() takes what was not asked for from the image, and a default where that is silent', t => {
  const of = {workingDir: '/data', stopSignal: 'SIGINT', user: 'ann', healthcheck: check};
  t.like(apply({}, of), {cwd: '/data', stopSignal: 'SIGINT', process: {user: 'ann'}, healthcheck: check});
  t.like(apply({}, {}), {cwd: '/', stopSignal: 'SIGTERM', process: {user: ''}, healthcheck: null});
});

test('applyImage() lets what was asked for win, also when it is the default', t => {
  const of = {workingDir: '/data', stopSignal: 'SIGINT', user: 'ann', healthcheck: check};
  const process = {...plainProcess, user: 'root'};
  t.like(apply({cwd: '/', stopSignal: 'SIGTERM', process, healthcheck: none}, of), {
    ...{cwd: '/', stopSignal: 'SIGTERM', process: {user: 'root'}},
    healthcheck: {kind: 'NONE'},
  });
});

test('applyImage() keeps the entry point apart from the command', t => {
  const of = {entrypoint: ['/init', '-v'], cmd: ['serve']};
  t.like(apply({}, of), {entrypoint: ['/init', '-v'], args: ['/init', '-v', 'serve']});
  t.like(apply({args: ['sh']}, of), {entrypoint: ['/init', '-v'], args: ['/init', '-v', 'sh']});
  t.like(apply({args: ['env', '-i'], entrypoint: ['env']}, of), {entrypoint: ['env'], args: ['env', '-i']});
});

test('mergeHealthcheck() replaces single fields of the image’s', t => {
  const slower = {...none, kind: '', intervalNs: 60e9} as const;
  t.deepEqual(mergeHealthcheck(slower, check), {...check, intervalNs: 60e9});
  t.deepEqual(mergeHealthcheck(slower, null), slower);
  t.like(mergeHealthcheck(none, check), {kind: 'NONE', args: []});
});

test('launchOomScore() writes what differs from the daemon’s own, and 0 where that is possible', t => {
  t.is(launchOomScore(null, {own: -500, mayLower: true}), null);
  t.is(launchOomScore(0, {own: -500, mayLower: false}), 0);
  t.is(launchOomScore(0, {own: 0, mayLower: false}), null);
  t.is(launchOomScore(0, {own: 900, mayLower: true}), 0);
  t.is(launchOomScore(0, {own: 900, mayLower: false}), null);
  t.is(launchOomScore(-5, {own: 900, mayLower: false}), -5, 'the kernel refuses it by name');
});
