/** State that all copies of this package in a process share: `register` brings one, and the code of a server may bring another. */

/** Whoever comes first makes it. The name ends with the version of its shape: another shape is another name. */
export function processWide<T extends object>(name: `${string}.v${number}`, make: () => T): T {
  const key = Symbol.for(`mcp-auditd.${name}`)
  const scope = globalThis as { [name: symbol]: T | undefined }
  const known = scope[key]
  if (known !== undefined) return known
  const made = make()
  Object.defineProperty(scope, key, { value: made })
  return made
}
