import {
  type AttributeSet,
  type Attributes,
  attributeSet,
  type Codec,
  eachAttribute,
  NLA_F_NESTED,
  readAttributes,
  type Schema,
  writeAttribute,
  writeAttributes,
} from './attributes.ts';

/** Attributes inside an attribute, with NLA_F_NESTED: nfnetlink, and rtnetlink since 5.2. */
export function nested<const S extends Schema>(schema: S): Codec<Attributes<S>> {
  return nestOf(attributeSet(schema), NLA_F_NESTED);
}

/** The older rtnetlink nests: nla_nest_start_noflag(), and iproute2 does not set the flag either. */
export function nestedNoFlag<const S extends Schema>(schema: S): Codec<Attributes<S>> {
  return nestOf(attributeSet(schema), 0);
}

/** A nest that repeats one attribute `type`; others in it are skipped. */
export function list<T>(type: number, codec: Codec<T>): Codec<readonly T[]> {
  return {
    flags: NLA_F_NESTED,
    size: 0,
    write: (out, values) => {
      for (const value of values) writeAttribute(out, 'list element', [type, codec], value, {});
    },
    read: (source, start, end) => {
      const values: T[] = [];
      eachAttribute(source, start, end, (raw, from, to) => {
        if ((raw & ~NLA_F_NESTED) === type) values.push(codec.read(source, from, to, {}));
      });
      return values;
    },
  };
}

/** A nest of unlike numbers, 1, 2, 3 …, as libnftnl sends set elements; the kernel's nla_for_each_nested() ignores them. */
export function numbered<T>(codec: Codec<T>): Codec<readonly T[]> {
  return {
    flags: NLA_F_NESTED,
    size: 0,
    write: (out, values) => {
      values.forEach((value, i) => {
        writeAttribute(out, 'list element', [i + 1, codec], value, {});
      });
    },
    read: (source, start, end) => {
      const values: T[] = [];
      eachAttribute(source, start, end, (_, from, to) => {
        values.push(codec.read(source, from, to, {}));
      });
      return values;
    },
  };
}

/** Every attribute any of the schemas knows. */
export type Merged<M extends Readonly<Record<string, Schema>>> = {
  readonly [K in keyof M]: Attributes<M[K]>;
}[keyof M];

/**
 * A nest whose schema depends on the text in the sibling `key`, which comes before it: IFLA_INFO_DATA on IFLA_INFO_KIND,
 * NFTA_EXPR_DATA on NFTA_EXPR_NAME. Of an unknown kind every attribute is kept as unknown.
 */
export function nestedBy<const M extends Readonly<Record<string, Schema>>>(
  key: string,
  flags: number,
  schemas: M,
): Codec<Merged<M>> {
  const sets = new Map(
    Object.entries(schemas).map(([kind, schema]) => [kind, attributeSet(schema) as AttributeSet<Schema>]),
  );
  const none = attributeSet({}) as AttributeSet<Schema>;
  return {
    flags,
    size: 0,
    write: (out, value, siblings) =>
      writeAttributes(out, sets.get(String(siblings[key])) ?? none, value as Attributes<Schema>),
    read: (source, start, end, siblings) =>
      readAttributes(source, start, end, sets.get(String(siblings[key])) ?? none) as Merged<M>,
  };
}

function nestOf<S extends Schema>(set: AttributeSet<S>, flags: number): Codec<Attributes<S>> {
  return {
    flags,
    size: 0,
    write: (out, value) => writeAttributes(out, set, value),
    read: (source, start, end) => readAttributes(source, start, end, set),
  };
}
