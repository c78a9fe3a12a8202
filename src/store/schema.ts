/** Raised with every change of `schema`; kept in SQLite's user_version. */
export const schemaVersion = 3;

/**
 * Objects are kept whole as JSON; what must be unique stands in columns of its own, so that the database refuses a
 * double lease or a double port even if the daemon has a bug. `host_ip` '' means every address.
 */
export const schema = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE networks (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, idx INTEGER NOT NULL UNIQUE, json TEXT NOT NULL);
CREATE TABLE attachments (
  id TEXT PRIMARY KEY, network TEXT NOT NULL REFERENCES networks (id), sandbox TEXT NOT NULL, ifname TEXT NOT NULL,
  json TEXT NOT NULL, UNIQUE (sandbox, ifname));
CREATE TABLE leases (
  network TEXT NOT NULL, address TEXT NOT NULL, attachment TEXT NOT NULL REFERENCES attachments (id) ON DELETE CASCADE,
  PRIMARY KEY (network, address));
CREATE INDEX leases_of ON leases (attachment);
CREATE TABLE ports (
  proto TEXT NOT NULL, host_ip TEXT NOT NULL, host_port INTEGER NOT NULL,
  attachment TEXT NOT NULL REFERENCES attachments (id) ON DELETE CASCADE, PRIMARY KEY (proto, host_ip, host_port));
CREATE INDEX ports_of ON ports (attachment);
CREATE TABLE containers (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, json TEXT NOT NULL);
CREATE TABLE volumes (name TEXT PRIMARY KEY, json TEXT NOT NULL);
CREATE TABLE images (id TEXT PRIMARY KEY, json TEXT NOT NULL);
CREATE TABLE sysctls (path TEXT PRIMARY KEY, json TEXT NOT NULL);
`;
