import test from 'ava';
import {docker as dockerOn, dockerTest} from './fixture/docker.ts';
import {makeNeighbour} from './fixture/host.ts';
import {useTnet} from './fixture/use-tnet.ts';

/** The stock docker command drives networks of a real daemon: flags, outputs and exit codes are Docker's. */
makeNeighbour();
const tnet = useTnet();

test.before(async () => {
  await tnet.ok('ps');
});

const docker = (args: string): string => dockerOn(tnet, args);

dockerTest('docker network create, inspect, ls', t => {
  t.regex(
    docker(
      'network create -d bridge --subnet 10.7.1.0/24 --gateway 10.7.1.254 --ip-range 10.7.1.128/25 --aux-address printer=10.7.1.129 --ipv6 --subnet fd07:1::/64 --label tier=front -o com.docker.network.bridge.name=br7 front',
    ),
    /^[0-9a-f]{64}$/,
  );
  const show = (format: string): string => docker(`network inspect -f '${format}' front`);
  t.is(
    show('{{range .IPAM.Config}}{{.Subnet}} {{.Gateway}} {{.IPRange}};{{end}}'),
    '10.7.1.0/24 10.7.1.254 10.7.1.128/25;fd07:1::/64 fd07:1::1 ;',
  );
  t.is(show('{{.EnableIPv6}} {{.Internal}} {{.Labels.tier}}'), 'true false front');
  t.regex(docker('network create --internal --subnet 10.7.2.0/24 back'), /^[0-9a-f]{64}$/);
  t.is(
    docker("network ls --filter type=custom --format '{{.Name}} {{.Driver}} {{.Scope}}'"),
    'back bridge local\nfront bridge local',
  );
  t.is(docker("network ls --filter label=tier=front --format '{{.Name}}'"), 'front');
  t.regex(docker('network ls -q --filter name=bac'), /^[0-9a-f]{12}$/);
});

dockerTest("docker network create says what is wrong, in Docker's words", t => {
  t.regex(docker('network create front'), /network with name front already exists\nexit 1$/);
  t.regex(
    docker('network create --subnet 10.7.1.0/25 other'),
    /Pool overlaps with other one on this address space.*\nexit 1$/,
  );
  t.regex(docker('network create bridge'), /operation is not permitted on predefined bridge network\nexit 1$/);
  t.regex(docker('network create -d nosuch other'), /nosuch.*\nexit 1$/s);
  t.regex(docker('network inspect nosuch'), /network nosuch not found\nexit 1$/);
});

dockerTest('docker run with network flags, port and ps', t => {
  t.regex(
    docker(
      'run -d --name web --network name=front,alias=www,ip=10.7.1.7,ip6=fd07:1::7,mac-address=02:00:00:00:07:07 -p 8080:80 -p 127.0.0.1:8081:81/udp -p 9000-9001:9000-9001 host sleep 1000',
    ),
    /^[0-9a-f]{64}$/,
  );
  const seen = docker(
    "inspect -f '{{with .NetworkSettings.Networks.front}}{{.IPAddress}} {{.GlobalIPv6Address}} {{.MacAddress}}{{end}}' web",
  );
  t.is(seen, '10.7.1.7 fd07:1::7 02:00:00:00:07:07');
  t.is(docker('port web 80'), '0.0.0.0:8080\n[::]:8080');
  t.is(docker('port web 81/udp'), '127.0.0.1:8081');
  t.regex(docker("ps --format '{{.Ports}}'"), /9000-9001->9000-9001\/tcp/);
  t.regex(docker('run --network front -p 8080:80 host true'), /port is already allocated[\s\S]*exit 125$/);
  t.regex(docker('run --network nosuch host true'), /network nosuch not found[\s\S]*exit 125$/);
});

dockerTest('docker network connect, disconnect, rm, prune', t => {
  t.is(docker('network connect --ip 10.7.2.9 --alias db back web'), '');
  t.regex(docker('network connect back web'), /endpoint with name web already exists in network back\nexit 1$/);
  t.is(docker("inspect -f '{{.NetworkSettings.Networks.back.IPAddress}}' web"), '10.7.2.9');
  t.regex(docker('network rm back'), /network back id [0-9a-f]{64} has active endpoints[\s\S]*exit 1$/);
  t.is(docker('network disconnect back web'), '');
  t.regex(docker('network disconnect back web'), /is not connected to network back\nexit 1$/);
  t.is(docker('stop -t 0 web'), 'web');
  t.is(docker('network connect --gw-priority 5 back web'), '');
  t.is(docker('network disconnect back web'), '');
  t.is(docker('rm -f $(docker ps -aq)').includes('exit'), false);
  t.is(docker('network rm back'), 'back');
  t.is(docker('network prune -f'), 'Deleted Networks:\nfront');
});
