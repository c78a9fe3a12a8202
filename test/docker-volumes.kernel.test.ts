import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {docker, dockerTest} from './fixture/docker.ts';
import {useTnet} from './fixture/use-tnet.ts';

/** Docker's manual, "Volumes", "Bind mounts" and "tmpfs mounts": its sessions as written, with "host" for nginx, ubuntu and busybox. */
const base = mkdtempSync(join(tmpdir(), 'tnet-manual-'));
const tnet = useTnet({
  closing: async t => {
    t.is(await tnet.ok('volume', 'ls', '-q'), '');
  },
  closed: () => rmSync(base, {recursive: true}),
});

test.before(async () => {
  mkdirSync(join(base, 'target'));
  writeFileSync(join(base, 'target/index.html'), 'hello\n');
  await tnet.ok('ps');
});

const on = (args: string): string => docker(tnet, args);
const mounts = (name: string): readonly Readonly<Record<string, unknown>>[] =>
  JSON.parse(on(`inspect -f '{{json .Mounts}}' ${name}`)) as [];

dockerTest('create and manage volumes', t => {
  t.is(on('volume create my-vol'), 'my-vol');
  t.is(on('volume ls'), 'DRIVER    VOLUME NAME\nlocal     my-vol');
  const [volume] = JSON.parse(on('volume inspect my-vol')) as [Record<string, unknown>];
  const Mountpoint = join(tnet.root, 'volumes/my-vol/_data');
  t.like(volume, {Driver: 'local', Labels: null, Mountpoint, Name: 'my-vol', Options: null, Scope: 'local'});
  t.is(on('volume rm my-vol'), 'my-vol');
  t.regex(on('volume inspect my-vol'), /get my-vol: no such volume\nexit 1$/);
  t.is(on('volume create --label tier=db kept'), 'kept');
  t.is(
    on("volume ls -f label=tier=db -f driver=local --format '{{.Name}} {{.Mountpoint}}'"),
    `kept ${join(tnet.root, 'volumes/kept/_data')}`,
  );
  t.is(on('volume rm kept'), 'kept');
});

for (const flag of ['--mount source=myvol2,target=/app', '-v myvol2:/app'])
  dockerTest(`start a container with a volume: ${flag}`, t => {
    t.regex(on(`run -d --name devtest ${flag} host sleep 100`), /^[0-9a-f]{64}$/);
    const Source = join(tnet.root, 'volumes/myvol2/_data');
    t.like(mounts('devtest')[0], {
      Type: 'volume',
      Name: 'myvol2',
      Source,
      Destination: '/app',
      Driver: 'local',
      RW: true,
    });
    t.regex(on('volume rm myvol2'), /remove myvol2: volume is in use - \[[0-9a-f]{64}\].*\nexit 1$/);
    t.is(
      on('container stop -t 0 devtest && docker container rm devtest && docker volume rm myvol2'),
      'devtest\ndevtest\nmyvol2',
    );
  });

dockerTest('populate a volume using a container, and use it read-only', t => {
  const target = 'destination=/etc/alternatives';
  on(`run -d --name=nginxtest --mount source=nginx-vol,${target} host sleep 100`);
  t.is(on('exec nginxtest ls /etc/alternatives'), on('run --rm --network none host ls /etc/alternatives'));
  on('container stop -t 0 nginxtest && docker container rm nginxtest');
  on(`run -d --name=nginxtest --mount source=nginx-vol,${target},readonly host sleep 100`);
  t.is(mounts('nginxtest')[0]?.RW, false);
  t.regex(on('exec nginxtest touch /etc/alternatives/x'), /Read-only file system\nexit 1$/);
  on('rm -f nginxtest');
  t.is(on('volume rm nginx-vol'), 'nginx-vol');
});

dockerTest('mount a volume subdirectory', t => {
  on('volume create logs');
  on('run --rm --network none --mount src=logs,dst=/logs host mkdir -p /logs/app1 /logs/app2');
  for (const app of ['app1', 'app2'])
    on(
      `run --rm --network none --mount src=logs,dst=/var/log/${app},volume-subpath=${app} host touch /var/log/${app}/of-${app}`,
    );
  t.is(on("run --rm --network none -v logs:/logs host sh -c 'cd /logs && echo */*'"), 'app1/of-app1 app2/of-app2');
  t.regex(on('run --rm --network none --mount src=logs,dst=/l,volume-subpath=app3 host true'), /app3/);
  t.is(on('volume rm logs'), 'logs');
});

dockerTest('back up, restore, or migrate data volumes', t => {
  const tar = `--network none -v ${base}:/backup host`;
  on("run -v /dbdata --name dbstore --network none host sh -c 'echo row > /dbdata/table'");
  t.regex(on(`run --rm --volumes-from dbstore ${tar} tar cvf /backup/backup.tar /dbdata`), /^\/dbdata\/table$/m);
  on('run -v /dbdata --name dbstore2 --network none host /bin/bash');
  const restore = 'cd /dbdata && tar xvf /backup/backup.tar --strip 1';
  t.is(on(`run --rm --volumes-from dbstore2 ${tar} bash -c "${restore}"`), 'dbdata/table');
  t.is(on('run --rm --volumes-from dbstore2 --network none host cat /dbdata/table'), 'row');
  t.is(on('rm -v dbstore dbstore2'), 'dbstore\ndbstore2');
  t.is(on('volume ls -q'), '');
});

dockerTest('remove volumes: anonymous ones with their container, unused ones by prune', t => {
  on('run --rm --network none -v /foo -v awesome:/bar host true');
  t.is(on('volume ls -q'), 'awesome');
  on('run -d --name user --network none -v held:/data -v /anonymous host sleep 100');
  t.is(on('volume ls -q -f dangling=true'), 'awesome');
  t.regex(on('volume prune -f'), /^Total reclaimed space: 0B$/, 'without -a the unnamed alone');
  t.regex(on('volume prune -af'), /^Deleted Volumes:\nawesome\n/);
  on('rm -fv user');
  t.is(on('volume ls -q'), 'held');
  t.is(on('volume rm held'), 'held');
});

dockerTest('a volume with the options of the local driver', t => {
  on('volume create --driver local --opt type=tmpfs --opt device=tmpfs --opt o=size=100m,uid=1000 foo');
  const look = "sh -c 'stat -c %u /foo; df -B1M --output=size /foo | tail -1'";
  t.regex(on(`run --rm --network none -v foo:/foo host ${look}`), /^1000\n +100$/);
  t.is(on('volume rm foo'), 'foo');
  t.regex(on('volume create -d nosuch x'), /plugin "nosuch" not found\nexit 1$/);
});

dockerTest('bind mounts: into a container, over a directory that is not empty, read-only', t => {
  const source = `type=bind,source=${base}/target`;
  on(`run -d -it --name devtest --network none --mount ${source},target=/app host sleep 100`);
  t.like(mounts('devtest')[0], {
    Type: 'bind',
    Source: join(base, 'target'),
    Destination: '/app',
    Mode: '',
    RW: true,
    Propagation: 'rprivate',
  });
  t.is(on('exec devtest cat /app/index.html'), 'hello');
  on('container stop -t 0 devtest && docker container rm devtest');
  t.regex(
    on(`run -d -it --name broken --network none --mount ${source},destination=/usr host node`),
    /no such file|not found/,
  );
  on('container rm broken');
  t.regex(
    on(`run --rm --network none --mount ${source},target=/app,readonly host touch /app/x`),
    /Read-only file system/,
  );
  t.regex(on(`run --rm --network none -v ${base}/target:/app:ro host touch /app/x`), /Read-only file system/);
  t.regex(
    on('run --rm --network none --mount type=bind,source=/nosuch,target=/app host true'),
    /bind source path does not exist: \/nosuch/,
  );
});

dockerTest('tmpfs mounts: --mount and --tmpfs, size and mode', t => {
  on('run -d -it --name tmptest --network none --mount type=tmpfs,destination=/app host sleep 100');
  t.like(mounts('tmptest')[0], {Type: 'tmpfs', Source: '', Destination: '/app', RW: true});
  on('rm -f tmptest');
  const look = "host sh -c 'stat -c %a /app; df --output=fstype,size /app | tail -1'";
  t.regex(
    on(`run --rm --network none --mount type=tmpfs,destination=/app,tmpfs-mode=1770,tmpfs-size=1m ${look}`),
    /^1770\ntmpfs +1024$/,
  );
  t.regex(on(`run --rm --network none --tmpfs /app:size=64k,mode=700 ${look}`), /^700\ntmpfs +64$/);
});
