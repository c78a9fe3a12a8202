import test from 'ava';
import {parseUsernsRemap} from '../../src/daemon/userns-remap.ts';

const files = {
  passwd: 'root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n',
  group: 'root:x:0:\nstaff:x:50:\n',
  subuid: 'dockremap:100000:65536\nann:200000:1000\n1000:300000:500\n',
  subgid: 'dockremap:110000:65536\nann:200000:10\nstaff:400000:20\n',
};
const parse = (text: string, change: Partial<typeof files> = {}) => parseUsernsRemap(text, {...files, ...change});

test('parseUsernsRemap() takes the ranges of dockremap by default', t => {
  t.deepEqual(parse('default'), {
    uids: [{inside: 0, outside: 100_000, count: 65_536}],
    gids: [{inside: 0, outside: 110_000, count: 65_536}],
  });
});

test('parseUsernsRemap() puts the ranges of a user one after the other, found by name and by number', t => {
  const uids = [
    {inside: 0, outside: 200_000, count: 1000},
    {inside: 1000, outside: 300_000, count: 500},
  ];
  const gids = [{inside: 0, outside: 400_000, count: 20}];
  t.deepEqual(parse('ann:staff'), {uids, gids});
  t.deepEqual(parse('1000:50'), {uids, gids});
});

for (const [text, change, message] of [
  ['bob', {}, /no range for "bob" in \/etc\/subuid; for example, add the line "bob:100000:65536"/],
  ['ann:bob', {}, /no range for "bob" in \/etc\/subgid/],
  ['default', {subgid: ''}, /no range for "dockremap" in \/etc\/subgid/],
  ['a:b:c', {}, /invalid --userns-remap "a:b:c"/],
  [':x', {}, /invalid --userns-remap/],
  ['default', {subuid: 'dockremap:0:65536\n'}, /range of "dockremap" in \/etc\/subuid is none/],
  ['default', {subuid: 'dockremap:x:65536\n'}, /range of "dockremap" in \/etc\/subuid is none/],
  ['default', {subuid: 'dockremap:100000\n'}, /range of "dockremap" in \/etc\/subuid is none/],
  ['default', {subuid: 'dockremap:4294967295:2\n'}, /range of "dockremap" in \/etc\/subuid is none/],
] as const)
  test(`parseUsernsRemap() refuses ${text} with ${JSON.stringify(change)}`, t =>
    void t.throws(() => parse(text, change), {message}));
