import type {HostFiles} from './host-files.ts';

/**
 * What the host image hides: password and key files, that is whatever lets its reader be somebody else — log in, decrypt,
 * act at another service. Not configuration (sudoers, sshd_config) and not what only reveals something (history, logs): a
 * container of this image is meant to see the machine as it is. `*` stands for any part of one name.
 */
const machineSecrets = [
  // passwords
  '/etc/shadow*',
  '/etc/gshadow*',
  '/etc/security/opasswd*',
  '/var/lib/sss/db',
  '/var/lib/sss/secrets',
  '/var/backups/*shadow*',
  '/etc/ppp/*-secrets',
  '/etc/wpa_supplicant',
  '/etc/NetworkManager/system-connections',
  // private keys
  '/etc/ssh/*_key',
  '/etc/ssl/private',
  '/etc/pki/tls/private',
  '/etc/letsencrypt',
  '/etc/wireguard',
  '/etc/openvpn',
  '/etc/ipsec.secrets',
  '/etc/ipsec.d/private',
  '/etc/swanctl/private',
  '/etc/krb5.keytab',
  '/etc/krb5kdc',
  '/var/lib/krb5kdc',
  '/tmp/krb5cc_*',
  '/var/lib/samba/private',
  '/etc/cryptsetup-keys.d',
  '/etc/credstore*',
  '/var/lib/systemd/credential.secret',
  '/etc/kubernetes',
  '/etc/rancher',
  '/var/lib/kubelet',
  // other engines' containers, with their volumes and registry logins
  '/etc/docker/key.json',
  '/var/lib/docker',
  '/var/lib/containers',
  '/var/lib/containerd',
] as const;

/** The same inside each home. */
const homeSecrets = [
  '.ssh',
  '.gnupg',
  '.pki',
  '.netrc',
  '.git-credentials',
  '.config/gh',
  '.npmrc',
  '.pypirc',
  '.cargo/credentials*',
  '.docker/config.json',
  '.config/containers/auth.json',
  '.kube',
  '.aws',
  '.azure',
  '.config/gcloud',
  '.vault-token',
  '.pgpass',
  '.my.cnf',
  '.password-store',
  '.local/share/keyrings',
] as const;

/** Existing paths to hide, sorted; the `roots` always, since the files of a container appear in them only later. */
export function secretPaths(host: HostFiles, roots: readonly string[]): string[] {
  const files = listingOnce(host);
  const patterns = [...machineSecrets, ...homes(files).flatMap(home => homeSecrets.map(name => `${home}/${name}`))];
  const found = patterns.flatMap(pattern => glob(files, pattern));
  return outermost([...roots, ...found]);
}

/**
 * Homes by /etc/passwd, and what lies in /home without standing there: users of LDAP, and one level deeper those of a
 * domain (`/home/example.com/ann`). '' is the home `/` of some system users.
 */
function homes(files: HostFiles): string[] {
  const listed = files
    .read('/etc/passwd')
    .split('\n')
    .map(line => line.split(':')[5] ?? '')
    .filter(home => home.startsWith('/'))
    .map(home => home.replace(/\/+$/, ''));
  const strays = files
    .list('/home')
    .map(name => `/home/${name}`)
    .filter(home => !listed.includes(home));
  const deeper = strays.flatMap(home => files.list(home).map(name => `${home}/${name}`));
  return [...new Set(['/root', ...listed, ...strays, ...deeper])].filter(home => files.exists(home || '/'));
}

/** Only the last name may hold a `*`. */
function glob(files: HostFiles, pattern: string): string[] {
  const cut = pattern.lastIndexOf('/');
  const [dir, name] = [pattern.slice(0, cut), pattern.slice(cut + 1)];
  if (!name.includes('*')) return files.exists(pattern) ? [pattern] : [];
  const parts = name.split('*').map(part => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  const wanted = new RegExp(`^${parts.join('.*')}$`);
  return files
    .list(dir || '/')
    .filter(each => wanted.test(each))
    .map(each => `${dir}/${each}`);
}

/** /etc alone is asked for by four patterns, at 0.06 ms each, in every start of a container. */
function listingOnce(files: HostFiles): HostFiles {
  const seen = new Map<string, readonly string[]>();
  const list = (dir: string) => {
    const names = seen.get(dir) ?? files.list(dir);
    seen.set(dir, names);
    return names;
  };
  return {...files, list};
}

/** Without those that lie in another: that one hides them already. */
function outermost(paths: readonly string[]): string[] {
  const unique = [...new Set(paths)].sort();
  return unique.filter(path => !unique.some(other => path.startsWith(`${other}/`)));
}
