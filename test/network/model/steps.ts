import fc from 'fast-check';

export type Family = 4 | 6;

export interface PortWish {
  readonly proto: 'tcp' | 'udp';
  readonly hostIp: string | null;
  /** 0: any. */
  readonly hostPort: number;
  readonly containerPort: number;
  readonly count: number;
  /** Any from hostPort to here. */
  readonly hostPortEnd?: number;
}

export interface CreateStep {
  readonly do: 'create';
  readonly net: string;
  readonly families: readonly Family[];
  /** null: chosen. */
  readonly subnets: Readonly<Record<Family, string | null>>;
  /** Only where the subnet is given: addresses from its upper half. */
  readonly range: 'upper' | null;
  /** The third address of a given subnet is another machine's. */
  readonly reserved: boolean;
  readonly internal: boolean;
  readonly icc: boolean;
  readonly masquerade: boolean;
  readonly mode: 'nat' | 'nat-unprotected' | 'routed';
  readonly binding: string | null;
}

export interface AttachStep {
  readonly do: 'attach';
  readonly box: number;
  readonly net: string;
  readonly priority: number;
  /** n-th address of the subnet; null: the lowest free one. */
  readonly addresses: Readonly<Record<Family, number | null>>;
  readonly mac: string | null;
  readonly ports: readonly PortWish[];
}

/** Links and ports are named by an index into what there is at that moment: a sequence stays meaningful when it is shrunk. */
export type Step =
  | CreateStep
  | {readonly do: 'remove'; readonly net: string}
  | AttachStep
  | {readonly do: 'publish'; readonly box: number; readonly link: number; readonly port: PortWish}
  | {readonly do: 'unpublish'; readonly box: number; readonly link: number; readonly port: number}
  | {readonly do: 'limit'; readonly box: number; readonly link: number; readonly on: boolean}
  | {readonly do: 'detach'; readonly box: number; readonly links: readonly number[]}
  | {readonly do: 'leave'; readonly box: number}
  /** Another program breaks something of ours; then repair. */
  | {readonly do: 'repair'; readonly broken: Sabotage; readonly at: number}
  /** Another daemon on the same store. */
  | {readonly do: 'restart'};

export type Sabotage = (typeof sabotages)[number];
const sabotages = ['nothing', 'ruleset', 'elements', 'veth', 'bridge', 'address', 'down', 'port'] as const;

const names = ['alpha', 'beta', 'gamma', 'delta'] as const;
const mostly = ['alpha', 'alpha', 'beta', 'beta', 'gamma', 'delta'] as const;
const index = fc.nat({max: 5});
const box = fc.constantFrom(0, 0, 0, 1, 1, 2);
const rarely = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({weight: 3, arbitrary: fc.constant(null)}, {weight: 1, arbitrary: value});

export const hostIps = [null, '0.0.0.0', '::', '127.0.0.1', '::1', '192.0.2.1', '2001:db8:1::1'] as const;

const wish: fc.Arbitrary<PortWish> = fc
  .record({
    proto: fc.constantFrom('tcp', 'tcp', 'udp'),
    hostIp: fc.constantFrom(...hostIps, null, null),
    hostPort: fc.integer({min: 8000, max: 8008}),
    count: fc.integer({min: 1, max: 3}),
    kind: fc.constantFrom('one', 'one', 'range', 'same', 'any', 'within'),
  })
  .map(({kind, count, ...port}): PortWish => {
    if (kind === 'one') return {...port, containerPort: 80, count: 1};
    if (kind === 'range') return {...port, containerPort: 90, count};
    if (kind === 'same') return {...port, containerPort: port.hostPort, count};
    if (kind === 'any') return {...port, hostPort: 0, containerPort: 70, count};
    return {...port, containerPort: 60, count: 1, hostPortEnd: port.hostPort + count};
  });

const createStep: fc.Arbitrary<CreateStep> = fc.record({
  do: fc.constant('create' as const),
  net: fc.constantFrom(...names),
  families: fc.constantFrom<readonly Family[]>([4], [4], [4, 6], [4, 6], [6]),
  subnets: fc.record({
    4: fc.constantFrom(
      null,
      null,
      '10.1.0.0/29',
      '10.1.0.8/29',
      '10.1.0.0/24',
      '172.18.0.0/16',
      '172.19.5.0/28',
      '192.0.2.128/25',
    ),
    6: fc.constantFrom(null, 'fd00:1::/64', 'fd00:2::/64', 'fd00:1::/80'),
  }),
  range: fc.constantFrom(null, null, 'upper'),
  reserved: fc.boolean(),
  internal: fc.constantFrom(false, false, false, true),
  icc: fc.constantFrom(true, true, false),
  masquerade: fc.constantFrom(true, true, false),
  mode: fc.constantFrom('nat', 'nat', 'routed', 'nat-unprotected'),
  binding: fc.constantFrom(null, null, null, '127.0.0.1'),
});

const attachStep: fc.Arbitrary<AttachStep> = fc.record({
  do: fc.constant('attach' as const),
  box,
  net: fc.constantFrom('bridge', ...mostly),
  priority: fc.nat({max: 2}),
  addresses: fc.record({4: rarely(fc.nat({max: 9})), 6: fc.option(fc.nat({max: 9}), {freq: 1, nil: null}).map(rare)}),
  mac: rarely(fc.nat({max: 2}).map(n => `02:00:00:00:00:0${n}`)),
  ports: fc.array(wish, {maxLength: 2}),
});

/** Most networks have no IPv6: asking for such an address there is a refusal already seen. */
function rare(value: number | null): number | null {
  return value !== null && value > 6 ? value : null;
}

const step: fc.Arbitrary<Step> = fc.oneof(
  {weight: 4, arbitrary: createStep},
  {weight: 1, arbitrary: fc.record({do: fc.constant('remove' as const), net: fc.constantFrom('bridge', ...names)})},
  {weight: 8, arbitrary: attachStep},
  {weight: 2, arbitrary: fc.record({do: fc.constant('publish' as const), box, link: index, port: wish})},
  {weight: 1, arbitrary: fc.record({do: fc.constant('unpublish' as const), box, link: index, port: index})},
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('detach' as const),
      box,
      links: fc.constantFrom([0], [1], [0, 1], [1, 2], [2]),
    }),
  },
  {weight: 1, arbitrary: fc.record({do: fc.constant('limit' as const), box, link: index, on: fc.boolean()})},
  {weight: 1, arbitrary: fc.record({do: fc.constant('leave' as const), box})},
  {
    weight: 2,
    arbitrary: fc.record({do: fc.constant('repair' as const), broken: fc.constantFrom(...sabotages), at: index}),
  },
  {weight: 1, arbitrary: fc.constant({do: 'restart' as const})},
);

/** Two networks first: without any, most steps are refused. */
export const sequences: fc.Arbitrary<readonly Step[]> = fc
  .tuple(createStep, createStep, fc.array(step, {minLength: 10, maxLength: 24, size: 'max'}))
  .map(([first, second, rest]) => [{...first, net: 'alpha'}, {...second, net: 'beta'}, ...rest]);
