import type {Attachment} from '../model/attachment.ts';
import type {Database} from './database.ts';

/** Writes an attachment with its leases and ports; `was` is the version that is there, if there is one. */
export type WriteAttachment = (attachment: Attachment, was: Attachment | undefined) => void;

export function attachmentRows(database: Database): WriteAttachment {
  const remove = database.prepare('DELETE FROM attachments WHERE id = ?');
  const insert = database.prepare(
    'INSERT INTO attachments (id, network, sandbox, ifname, json) VALUES (?, ?, ?, ?, ?)',
  );
  const update = database.prepare('UPDATE attachments SET json = ? WHERE id = ?');
  const lease = database.prepare('INSERT INTO leases (network, address, attachment) VALUES (?, ?, ?)');
  // One statement for all: a call each from JavaScript costs more than the row.
  const ports = database.prepare(`
    INSERT INTO ports (proto, host_ip, host_port, attachment)
    SELECT value ->> 'proto', ifnull(value ->> 'hostIp', ''), value ->> 'hostPort', ?1 FROM json_each(?2)`);
  const freePorts = database.prepare('DELETE FROM ports WHERE attachment = ?');
  const writePorts = (a: Attachment): void => {
    if (a.ports.length > 0) ports.run(a.id, JSON.stringify(a.ports));
  };
  return (a, was) => {
    const json = JSON.stringify(a);
    if (was !== undefined && isInPlace(a, was)) {
      update.run(json, a.id);
      if (was.ports.length > 0) freePorts.run(a.id);
      return writePorts(a);
    }
    if (was !== undefined) remove.run(a.id);
    insert.run(a.id, a.network, a.sandbox, a.ifname, json);
    for (const {address} of a.leases) lease.run(a.network, address, a.id);
    writePorts(a);
  };
}

/** Publishing a port changes one row and adds one, not the six pages that all rows of an attachment are on. */
function isInPlace(a: Attachment, was: Attachment): boolean {
  const isSameLease = ({address}: {address: string}, i: number): boolean => address === was.leases[i]?.address;
  const isSamePlace = a.network === was.network && a.sandbox === was.sandbox && a.ifname === was.ifname;
  return isSamePlace && a.leases.length === was.leases.length && a.leases.every(isSameLease);
}
