import test from 'ava';
import {decodeUserns} from '../../src/daemon/decode-userns.ts';
import {encodeIsolation} from '../../src/daemon/encode-isolation.ts';
import {parseAutomaticIds} from '../../src/daemon/userns-remap.ts';
import {isolatedByDefault} from '../../src/model/isolation.ts';

test('decodeUserns() takes podman’s modes', t => {
  t.is(decodeUserns({}), 'default');
  t.is(decodeUserns({UsernsMode: 'host'}), 'host');
  t.deepEqual(decodeUserns({UsernsMode: 'auto'}), {kind: 'auto', count: 65_536, maps: null});
  t.deepEqual(decodeUserns({UsernsMode: 'auto:size=7'}), {kind: 'auto', count: 7, maps: null});
});

test('decodeUserns() takes maps; inspect shows them; one alone is that of groups, too', t => {
  const userns = decodeUserns({UsernsMode: 'private', UIDMap: ['0:5000:10', '10:7000:1']});
  const range = (inside: number, outside: number, count: number) => ({inside, outside, count});
  const map = [range(0, 5000, 10), range(10, 7000, 1)];
  t.deepEqual(userns, {kind: 'private', maps: {uids: map, gids: map}});
  const texts = ['0:5000:10', '10:7000:1'];
  t.like(encodeIsolation({...isolatedByDefault, userns}), {UsernsMode: 'private', UIDMap: texts, GIDMap: texts});
  t.like(decodeUserns({GIDMap: ['0:9:1'], UIDMap: ['0:5:1']}), {
    maps: {uids: [range(0, 5, 1)], gids: [range(0, 9, 1)]},
  });
});

for (const [fields, message] of [
  [{UsernsMode: 'private'}, 'invalid USER mode: private'],
  [{UsernsMode: 'auto:size=0'}, 'invalid USER mode: auto:size=0'],
  [{UsernsMode: 'auto:uid=1'}, 'invalid USER mode: auto:uid=1'],
  [{UsernsMode: 'auto', UIDMap: ['0:1:1']}, 'conflicting options: --userns auto and --uidmap, --gidmap'],
  [{UIDMap: ['0:1']}, 'invalid --uidmap: "0:1" is not inside:outside:count'],
  [{GIDMap: ['0:0:1']}, 'invalid --uidmap: "0:0:1" would give away the id of the machine\'s root'],
  [{UIDMap: ['0:5:10', '9:50:1']}, 'invalid --uidmap: "9:50:1" overlaps another one inside'],
  [{UIDMap: ['0:5:10', '20:14:1']}, 'invalid --uidmap: "20:14:1" overlaps another one outside'],
  [{UIDMap: ['1:5:10']}, 'invalid --uidmap: no id for root inside: one has to begin with 0'],
  [{UIDMap: ['0:5:4294967295']}, 'invalid --uidmap: "0:5:4294967295" has none or too many ids'],
] as const)
  test(`decodeUserns() refuses ${JSON.stringify(fields)}`, t => {
    t.throws(() => decodeUserns(fields), {code: 'ERR_BAD_REQUEST', message});
  });

test('parseAutomaticIds() has the ranges of "containers", or says what to write', t => {
  const files = {passwd: '', group: '', subuid: 'a:1:1\ncontainers:1000:10\n', subgid: 'containers:2000:20\n'};
  t.is(parseAutomaticIds(files).gids[0]?.outside, 2000);
  t.throws(() => parseAutomaticIds({...files, subuid: ''}), {
    message:
      '--userns auto: no range for "containers" in /etc/subuid; for example, add the line "containers:100000:65536" to it',
  });
});
