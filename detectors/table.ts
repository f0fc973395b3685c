/** Options that are tables by name. Servers and tools choose their names: `constructor` must not find what every object has. */

export const entryOf = <V>(table: Readonly<Record<string, V>>, name: string): V | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined
