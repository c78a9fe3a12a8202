import {CniError, cniCodes} from './contract.ts';

/**
 * A JSON object as Go's clients and plugins read it: keys in any case, the exact one before others; null is as if it were
 * not there. (containerd sends `{"HostPort":8080}`, podman `{"hostPort":8080}`.) Every reader throws CniError 7 for a value of another type.
 */
export interface Fields {
  has(key: string): boolean;
  /** '' when it is not there. */
  text(key: string): string;
  flag(key: string): boolean;
  number(key: string): number | null;
  list(key: string): readonly unknown[];
  texts(key: string): readonly string[];
  fields(key: string): Fields;
  objects(key: string): readonly Fields[];
  /** As it is, keys that are names of something: of a sysctl, an option. */
  map(key: string): Readonly<Record<string, string>>;
  raw(key: string): unknown;
  keys(): readonly string[];
}

type Json = Readonly<Record<string, unknown>>;

export function readFields(object: Json, where = ''): Fields {
  const raw = (key: string): unknown => {
    const found = Object.hasOwn(object, key) ? key : keyOf(object, key);
    return found === undefined ? undefined : (object[found] ?? undefined);
  };
  const want = <T>(key: string, type: string, is: (value: unknown) => value is T): T | undefined => {
    const value = raw(key);
    if (value === undefined || is(value)) return value;
    throw new CniError(cniCodes.config, `invalid value of "${where}${key}": want ${type}`, JSON.stringify(value));
  };
  const inside = (key: string): string => `${where}${key}.`;
  return {
    raw,
    has: key => raw(key) !== undefined,
    text: key => want(key, 'a string', isText) ?? '',
    flag: key => want(key, 'true or false', isFlag) ?? false,
    number: key => want(key, 'a whole number', isWhole) ?? null,
    list: key => want(key, 'a list', Array.isArray) ?? [],
    texts: key => want(key, 'a list of strings', isTexts) ?? [],
    fields: key => readFields(want(key, 'an object', isObject) ?? {}, inside(key)),
    objects: key => (want(key, 'a list of objects', isObjects) ?? []).map(each => readFields(each, inside(key))),
    map: key => want(key, 'an object of strings', isMap) ?? {},
    keys: () => Object.keys(object).filter(key => object[key] !== null),
  };
}

/** The last one, as Go. */
function keyOf(object: Json, key: string): string | undefined {
  const wanted = key.toLowerCase();
  return Object.keys(object).findLast(each => each.toLowerCase() === wanted);
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isFlag = (value: unknown): value is boolean => typeof value === 'boolean';
const isWhole = (value: unknown): value is number => Number.isSafeInteger(value);
const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText);
export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isObjects = (value: unknown): value is Json[] => Array.isArray(value) && value.every(isObject);
const isMap = (value: unknown): value is Record<string, string> =>
  isObject(value) && Object.values(value).every(isText);
