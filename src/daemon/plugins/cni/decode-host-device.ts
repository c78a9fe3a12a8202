import {readdirSync} from 'node:fs';
import {join} from 'node:path';
import {parseMac} from '../../../model/mac.ts';
import {deviceOption} from '../../../network/drivers/host-device.ts';
import {CniError, type CniRequest, cniCodes} from './contract.ts';
import {type CniInputs, named} from './inputs.ts';
import {decodeIpam} from './ipam.ts';
import type {MainConfig} from './main-config.ts';
import type {CniParts} from './plugin.ts';

/** Configuration of the reference plugin `host-device`. The device is looked for at ADD: after it, it is not the host's. Throws CniError. */
export function decodeHostDevice(inputs: CniInputs, {verb}: CniRequest, {controller}: CniParts): MainConfig {
  const {config} = inputs;
  const own = {name: config.text('name'), driver: 'host-device', options: {}, defaultGateway: false} as const;
  const rest = {ipam: decodeIpam(inputs), dns: config.fields('dns')};
  const find = deviceFinder(inputs);
  if (verb !== 'ADD') return {...own, ...rest, mac: null};
  const links = controller.hostLinks();
  const link = links.find(find());
  if (link === undefined)
    throw new CniError(
      cniCodes.config,
      'no link of the host is what "device", "hwaddr", "kernelpath", "pciBusID" or runtimeConfig.deviceID says',
    );
  return {...own, ...rest, mac: link.mac, attachment: {[deviceOption]: link.name}};
}

type Match = (link: {readonly name: string; readonly mac: string | null}) => boolean;

/** The capability before the configuration, as the device plugins of clusters decide. The file system is not looked at before the call. */
function deviceFinder({config, runtime}: CniInputs): () => Match {
  const [device, hwaddr, path, pci] = ['device', 'hwaddr', 'kernelpath', 'pciBusID'].map(key => config.text(key)) as [
    string,
    string,
    string,
    string,
  ];
  const id = runtime.text('deviceID');
  const byPci = (busId: string) => amongNamesIn(`/sys/bus/pci/devices/${named('pciBusID', busId, plainName)}`);
  if (id !== '')
    return () =>
      /^[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/i.test(id)
        ? byPci(id)
        : amongNamesIn(`/sys/bus/auxiliary/devices/${named('deviceID', id, plainName)}`);
  if (device !== '')
    return () =>
      ({name}) =>
        name === device;
  if (hwaddr !== '') {
    const wanted = named('hwaddr', hwaddr, parseMac);
    return () =>
      ({mac}) =>
        mac === wanted;
  }
  if (path !== '') return () => amongNamesIn(join('/sys', named('kernelpath', path, kernelPath)));
  if (pci !== '') return () => byPci(pci);
  throw new CniError(cniCodes.config, 'one of "device", "hwaddr", "kernelpath" and "pciBusID" is needed');
}

/** Names of a device's links, below it or below its virtio device. */
function amongNamesIn(device: string): Match {
  const virtio = entries(device)
    .filter(name => name.startsWith('virtio'))
    .map(name => join(device, name));
  const names = new Set([device, ...virtio].flatMap(folder => entries(join(folder, 'net'))));
  return ({name}) => names.has(name);
}

function entries(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function plainName(text: string): string {
  if (/^[a-zA-Z0-9_.:-]+$/.test(text) && text !== '.' && text !== '..') return text;
  throw new SyntaxError(`"${text}" is no id of a device`);
}

function kernelPath(text: string): string {
  if (text.startsWith('/devices/') && !text.split('/').includes('..')) return text;
  throw new SyntaxError(`"${text}" does not begin with /devices/`);
}
