import test from 'ava';
import {makeHost, run} from '../../fixture/host.ts';
import {attackMatrix} from './attack-matrix.ts';

/** The other backend, in this file's own mount namespace: which one a multi-call binary is, its content decides. */
const legacy = run('command -v xtables-legacy-multi || true').trim();
const works = legacy !== '' && run(`${legacy} iptables -t nat -S >/dev/null 2>&1 && echo yes || echo no`) === 'yes\n';

if (works) {
  makeHost();
  run(`mount --bind ${legacy} $(command -v xtables-nft-multi)`);
  test('the programs are those of the legacy backend', t => t.regex(run('iptables --version'), /legacy/));
  attackMatrix('iptables');
} else {
  const reason = legacy === '' ? 'iptables-legacy is not installed' : 'this kernel has no legacy table nat';
  test.skip(`SKIP the attack matrix with iptables-legacy: ${reason}`, () => {});
}
