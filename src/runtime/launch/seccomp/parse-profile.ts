import * as v from 'valibot';
import {TnetError} from '../../../errors.ts';
import {
  type Action,
  type ActionName,
  action,
  actionNames,
  type Comparison,
  type Condition,
  type KernelVersion,
  type Rule,
  type SeccompProfile,
  type Selector,
} from './profile.ts';

const list = v.nullish(v.array(v.string()), []);
const errno = v.nullish(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffff)));
/** Quoted by quoteLargeNumbers() when a double would round it. */
const uint64 = v.pipe(
  v.union([v.pipe(v.number(), v.safeInteger()), v.pipe(v.string(), v.regex(/^\d+$/))]),
  v.transform(value => BigInt(value)),
  v.check(value => value >= 0n && value < 1n << 64n, 'not an unsigned 64-bit number'),
);
const prefixed = (prefix: string, names: readonly string[]) =>
  v.pipe(
    v.string(),
    v.transform(text => (text.startsWith(prefix) ? text.slice(prefix.length) : text)),
    v.check(
      name => names.includes(name),
      issue => `${prefix}${issue.input} is not supported`,
    ),
  );
const actionWord = prefixed('SCMP_ACT_', actionNames);
const comparison = prefixed('SCMP_CMP_', ['NE', 'LT', 'LE', 'EQ', 'GE', 'GT', 'MASKED_EQ']);

const selector = v.nullish(
  v.object({
    caps: list,
    arches: list,
    minKernel: v.nullish(v.pipe(v.string(), v.regex(/^\d+\.\d+$/, 'not a version'))),
  }),
);
const syscall = v.object({
  name: v.nullish(v.string(), ''),
  names: list,
  action: actionWord,
  errnoRet: errno,
  args: v.nullish(
    v.array(
      v.nullable(
        v.object({
          index: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(5)),
          value: uint64,
          valueTwo: v.nullish(uint64, 0),
          op: comparison,
        }),
      ),
    ),
    [],
  ),
  includes: selector,
  excludes: selector,
});
const schema = v.object({
  defaultAction: actionWord,
  defaultErrnoRet: errno,
  architectures: list,
  archMap: v.nullish(v.array(v.object({architecture: v.string(), subArchitectures: list})), []),
  listenerPath: v.nullish(v.literal('', 'is not supported'), ''),
  syscalls: v.nullish(v.array(v.nullable(syscall)), []),
});
type Syscall = v.InferOutput<typeof syscall>;

const EPERM = 1;

/** Text of a profile (JSON). ERR_BAD_REQUEST names what is wrong with it. */
export function parseProfile(text: string): SeccompProfile {
  const result = v.safeParse(schema, parseJson(text), {abortEarly: true});
  if (!result.success) {
    const path = v.getDotPath(result.issues[0]);
    throw refuse(`${path === null ? '' : `${path}: `}${result.issues[0].message}`);
  }
  const {archMap, architectures, syscalls, ...rest} = result.output;
  if (archMap.length > 0 && architectures.length > 0)
    throw refuse("both 'architectures' and 'archMap' are specified, use either 'architectures' or 'archMap'");
  return {
    default: actionOf(rest.defaultAction, rest.defaultErrnoRet),
    architectures: architectures.map(bareArch),
    subArchitectures: Object.fromEntries(
      archMap.map(each => [bareArch(each.architecture), each.subArchitectures.map(bareArch)]),
    ),
    rules: syscalls.filter(each => each !== null).map(ruleOf),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(quoteLargeNumbers(text));
  } catch (error) {
    throw refuse((error as Error).message);
  }
}

/** Masks of 64 bits do not fit the numbers of JavaScript. */
function quoteLargeNumbers(text: string): string {
  return text.replace(/("value(?:Two)?"\s*:\s*)(\d{16,20})(?=\s*[,}])/g, '$1"$2"');
}

function ruleOf({name, names, args, ...rest}: Syscall): Rule {
  if (name !== '' && names.length > 0)
    throw refuse("both 'name' and 'names' are specified, use either 'name' or 'names'");
  const all = name === '' ? names : [name];
  if (all.length === 0) throw refuse("either 'name' or 'names' has to be specified");
  return {
    names: all,
    action: actionOf(rest.action, rest.errnoRet),
    conditions: args.filter(each => each !== null).map(conditionOf),
    includes: selectorOf(rest.includes),
    excludes: selectorOf(rest.excludes),
  };
}

function conditionOf(arg: {index: number; value: bigint; valueTwo: bigint | number; op: string}): Condition {
  return {index: arg.index, compare: arg.op as Comparison, value: arg.value, masked: BigInt(arg.valueTwo)};
}

function selectorOf(given: Syscall['includes']): Selector {
  const version = given?.minKernel?.split('.').map(Number) as unknown as KernelVersion | undefined;
  return {
    capabilities: (given?.caps ?? []).map(cap => cap.replace(/^CAP_/, '')),
    arches: given?.arches ?? [],
    minKernel: version ?? null,
  };
}

function actionOf(name: string, errnoRet: number | null | undefined): Action {
  return action(name as ActionName, errnoRet ?? EPERM);
}

function bareArch(name: string): string {
  return name.replace(/^SCMP_ARCH_/, '');
}

function refuse(why: string): TnetError {
  return new TnetError('ERR_BAD_REQUEST', `Decoding seccomp profile failed: ${why}`);
}
