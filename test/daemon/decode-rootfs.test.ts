import test from 'ava';
import {rootfsBody} from '../../src/cli/rootfs-body.ts';
import {decodeContainer} from '../../src/daemon/decode-container.ts';
import {decodeRootfs} from '../../src/daemon/decode-rootfs.ts';

const decode = (Path: string, Overlay?: boolean) => decodeRootfs({Rootfs: {Path, Overlay}}, '');

test('decodeRootfs() takes an image or a directory, not both and not neither', t => {
  t.deepEqual(decodeRootfs({}, 'host'), {image: 'host'});
  t.deepEqual(decode('/srv/x'), {image: '', rootfs: {path: '/srv/x', writes: 'directory'}});
  t.deepEqual(decode('/srv/x', true).rootfs, {path: '/srv/x', writes: 'layer'});
  t.throws(() => decodeRootfs({Rootfs: {Path: '/x', Overlay: false}}, 'host'), {
    message: /image "host" and a root dir/,
  });
  t.throws(() => decodeRootfs({}, ''), {message: /Image is missing/});
});

test('decodeContainer() refuses a root directory that is relative, or of another shape', t => {
  t.throws(() => decode('srv/x'), {message: /"srv\/x": it needs to be an absolute path/});
  t.throws(() => decodeContainer({HostConfig: {Rootfs: {Path: '/x\0y'}}}), {
    message: /Rootfs.Path: contains a NUL byte/,
  });
  t.throws(() => decodeContainer({HostConfig: {Rootfs: {Path: '/x', Mode: 'rw'}}}), {message: /Rootfs.Mode/});
  t.throws(() => decodeContainer({HostConfig: {Rootfs: '/x'}}), {message: /Rootfs/});
});

test('rootfsBody() makes a path absolute, and takes :O from its end', t => {
  t.deepEqual(rootfsBody('host', {}), {config: {Image: 'host'}, host: {}});
  const body = (text: string) => rootfsBody(text, {rootfs: true}).host.Rootfs;
  t.deepEqual(body('x/../y'), {Path: `${process.cwd()}/y`, Overlay: false});
  t.deepEqual(body('/srv/a:b:O'), {Path: '/srv/a:b', Overlay: true});
  t.throws(() => body(':O'), {instanceOf: SyntaxError});
});
