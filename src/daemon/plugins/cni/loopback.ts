import {plainLink} from '../../../network/drivers/driver.ts';
import {passOn} from './chained.ts';
import {CniError} from './contract.ts';
import type {CniPlugin} from './plugin.ts';
import {encodeResult} from './result.ts';
import {sandboxOf} from './sandbox.ts';

/** The sandbox's own loopback, up. It goes with its namespace. */
export const loopback: CniPlugin = {
  async add({controller, netns}, request) {
    await controller.adjust([{...plainLink, ns: sandboxOf(request, netns), name: 'lo', type: 'loopback'}]);
    if (request.config.prevResult) return passOn(request);
    const result = {
      interfaces: [{name: 'lo', mac: '00:00:00:00:00:00', sandbox: request.netns}],
      ips: [
        {address: '127.0.0.1/8', interface: 0},
        {address: '::1/128', interface: 0},
      ],
      routes: [],
      dns: {},
    };
    return encodeResult(result, request.version);
  },
  async del() {},
  async check({controller, netns}, request) {
    await controller.adjustBy(sandboxOf(request, netns), ({links}) => {
      if (links.some(({link, up}) => link === 'lo' && up)) return [];
      throw new CniError(105, '"lo" is not as it was made: it is down');
    });
  },
};
