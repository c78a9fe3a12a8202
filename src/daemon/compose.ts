import {randomBytes} from 'node:crypto';
import {existsSync, mkdirSync, readFileSync} from 'node:fs';
import {readFile} from 'node:fs/promises';
import {createServer, type Server} from 'node:net';
import {join} from 'node:path';
import {TnetError} from '../errors.ts';
import {openCapture} from '../kernel/capture/capture.ts';
import {loadNative} from '../kernel/native.ts';
import {openKernel} from '../kernel/open-kernel.ts';
import {createTracer} from '../kernel/trace/tracer.ts';
import {addressBits, formatPrefix, type Prefix} from '../model/ip.ts';
import {createController} from '../network/controller.ts';
import {createDnsServers} from '../network/dns/server.ts';
import {createZones} from '../network/dns/zones.ts';
import {isOurGroup} from '../network/drivers/driver.ts';
import {tnetTable} from '../network/firewall/nft.ts';
import {createPreview as createNetworkPreview} from '../network/preview.ts';
import {createReservations} from '../network/reservation.ts';
import {tellingController} from '../network/telling.ts';
import {createArchives} from '../runtime/archive/archives.ts';
import {detectCgroups} from '../runtime/cgroup/cgroup.ts';
import {createDoctor} from '../runtime/doctor.ts';
import {createEngine, type Engine, type EngineParts} from '../runtime/engine.ts';
import {createEventLog} from '../runtime/event-log.ts';
import {hostResolvConfPath, nameserversOf} from '../runtime/files.ts';
import {forgetLost} from '../runtime/forget-lost.ts';
import {hostFiles} from '../runtime/images/host-files.ts';
import {listImages, resolveImage} from '../runtime/images/host-image.ts';
import {imageOf} from '../runtime/images/image-of.ts';
import {createImages, sweepLayers} from '../runtime/images/stored-images.ts';
import {createLife} from '../runtime/life.ts';
import {heldDir} from '../runtime/places.ts';
import {createPreview} from '../runtime/preview.ts';
import {createVolumes} from '../runtime/volumes/volumes.ts';
import {openStore} from '../store/store.ts';
import type {Logger} from './logger.ts';
import type {DaemonOptions} from './options.ts';
import type {Composed} from './parts.ts';
import {createHeldSandboxes} from './plugins/held-sandboxes.ts';
import {createSandboxNames} from './plugins/sandbox-names.ts';
import {readHostIdFiles} from './read-id-files.ts';
import {parseAutomaticIds} from './userns-remap.ts';

export type Compose = (options: DaemonOptions, log: Logger) => Promise<Composed>;

/** Opens store, kernel, controller and engine, and repairs what the last daemon left. Throws what they throw. */
export const compose: Compose = async ({roots, bridge, bridgeFlags, pools, firewall, idMaps}, log) => {
  const claim = await claimNetns();
  const native = loadNative();
  mkdirSync(join(roots.root, 'containers'), {recursive: true, mode: 0o711});
  const store = openStore(join(roots.root, 'tnet.db'));
  forgetLost(store);
  const newId = (): string => randomBytes(32).toString('hex');
  const now = (): Date => new Date();
  const kernel = openKernel({native, isOurs: isOurGroup, table: tnetTable});
  const reservations = createReservations(native);
  const controllerParts = {
    store,
    kernel,
    reservations,
    newId,
    now,
    bridge,
    bridgeFlags,
    pools,
    avoided: resolvers,
    firewall,
  };
  const events = createEventLog(now);
  const controller = tellingController(await createController(controllerParts), events.emit);
  const dns = createDnsServers({
    native,
    zoneOf: createZones(store),
    log: (message, error) => log.warn(message, error),
  });
  const imageSource = {
    files: hostFiles(),
    roots: [roots.root, roots.runRoot],
    stored: () => [...store.state.images.values()].map(image => imageOf(image, roots)),
  };
  await sweepLayers({store, roots});
  let engine: Engine | undefined;
  const engineParts: EngineParts = {
    store,
    dns,
    emit(happening) {
      events.emit(happening);
      engine?.health.see(happening); // what happens before there is an engine, health.recover() finds
    },
    log: (about, error) => log.warn(about, error),
    controller,
    roots,
    idMaps,
    automaticIds: () => parseAutomaticIds(readHostIdFiles()),
    cgroups: detectCgroups(),
    cgroupPath: id => join('tnet', store.instance, id),
    resolveImage: name => resolveImage(name, imageSource),
    hostResolvConf,
    newId,
    now,
  };
  const life = createLife(engineParts);
  engine = await createEngine(engineParts, life);
  const names = createSandboxNames({
    dns,
    controller,
    hostServers: async () => nameserversOf(await hostResolvConf()),
    log: (message, error) => log.warn(message, error),
  });
  await names.resume();
  const held = createHeldSandboxes({controller, dir: heldDir(roots)});
  await held.sweep();
  await engine.execs.recover();
  engine.health.recover();
  const networkPreview = createNetworkPreview(controllerParts, controller);
  return {
    engine,
    names,
    held,
    events,
    preview: createPreview(engineParts, networkPreview),
    doctor: createDoctor({...engineParts, native, reservations, preview: networkPreview}),
    volumes: createVolumes(engineParts),
    images: createImages({...engineParts, listImages: () => listImages(imageSource)}),
    archives: createArchives({...engineParts, life, find: engine.get}),
    openCapture: spec => openCapture({native, ...spec}),
    tracer: createTracer(native),
    controller: {
      ...controller,
      async close() {
        dns.closeAll();
        await controller.close();
        store.close();
        claim.close();
      },
    },
  };
};

/**
 * One daemon a network namespace: two would take each other's bridges for leftovers. An abstract unix socket belongs to
 * the namespace, and the kernel lets it go with the process (unix(7)).
 */
function claimNetns(): Promise<Server> {
  const claim = createServer();
  return new Promise((resolve, reject) => {
    claim.once('error', cause => {
      const message =
        'Cannot start daemon: another tnet daemon manages this network namespace, with another run root; use that one, or "unshare --net" for a host of its own';
      reject(new TnetError('ERR_DAEMON', message, {cause}));
    });
    claim.listen('\0tnet-daemon', () => resolve(claim.unref()));
  });
}

/** The host's name servers: a subnet that held one would hide it. */
function resolvers(): readonly Prefix[] {
  const text = existsSync('/etc/resolv.conf') ? readFileSync('/etc/resolv.conf', 'utf8') : '';
  return nameserversOf(text).map(ip => formatPrefix(ip, addressBits(ip)));
}

export async function hostResolvConf(): Promise<string> {
  const text = await readFile('/etc/resolv.conf', 'utf8').catch(() => '');
  const path = hostResolvConfPath(text);
  return path === '/etc/resolv.conf' ? text : readFile(path, 'utf8').catch(() => text);
}
