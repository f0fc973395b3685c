// The law of floors: which folder may import what. Pure functions from sources to violations, one sentence each.
import { type Import, isTest, packageOf, type Source } from './sources.ts'

/** Clients of external systems: connectors/ only. */
const VENDORS = [
  'kafkajs',
  '@platformatic/kafka',
  '@clickhouse/client',
  '@clickhouse/client-common',
  'chdb',
  'standardwebhooks',
]
/** HTTP, codec, JOSE, logging and address libraries that collector/ may use besides OpenTelemetry. */
const COLLECTOR_LIBRARIES = ['zod', 'fastify', 'undici', '@bufbuild/protobuf', 'jose', 'pino', 'ipaddr.js']
const RULE_LIBRARIES = ['zod', 're2js', 're2', 're2-wasm']
/** What detectors/ may take from node:crypto: hashes, nothing random. */
const HASHES = ['createHash', 'createHmac', 'hash', 'type']

/** What collector/scan may take from Node: it computes, and reaches nothing. */
const COMPUTES = /^node:(?:crypto|buffer|url)$/

/** The one entry of the instrument package that may reach the Kafka driver, and so a vendor. */
export const KAFKA_ENTRY = 'collector/instrument/kafka.ts'
const isOpenTelemetry = (specifier: string): boolean => specifier.startsWith('@opentelemetry/')
const isMcpSdk = (specifier: string): boolean => specifier.startsWith('@modelcontextprotocol/')
const isBuiltIn = (specifier: string): boolean => specifier.startsWith('node:')
const under = (path: string, ...folders: string[]): boolean => folders.some((folder) => path.startsWith(`${folder}/`))

/** May a file of this path import this path of ours? */
function mayImportPath(from: string, to: string): boolean {
  if (isTest(from)) return true
  if (isTest(to)) return false
  if (under(from, 'schemas')) return under(to, 'schemas')
  if (under(from, 'detectors')) return under(to, 'schemas', 'detectors')
  if (under(from, 'connectors')) return under(to, 'schemas', 'connectors')
  if (under(from, 'collector/scan')) return under(to, 'schemas', 'collector/scan')
  if (from === KAFKA_ENTRY && under(to, 'connectors/kafka')) return true
  if (under(from, 'collector/instrument')) return under(to, 'schemas', 'collector/scan', 'collector/instrument')
  if (under(from, 'collector')) return under(to, 'schemas', 'connectors', 'collector')
  if (under(from, 'cli')) return under(to, 'schemas', 'detectors', 'connectors', 'collector', 'cli')
  return under(from, 'deploy') && under(to, 'deploy')
}

/** May a file of this path import this package or built-in? */
function mayImportPackage(from: string, { specifier, typeOnly, names }: Import): boolean {
  const name = packageOf(specifier)
  if (isTest(from)) return true
  if (VENDORS.includes(name)) return under(from, 'connectors')
  if (under(from, 'schemas')) return name === 'zod'
  if (under(from, 'detectors')) {
    if (specifier === 'node:crypto') return names.every((imported) => HASHES.includes(imported))
    if (from === 'detectors/load.ts' && /^node:(fs|fs\/promises|path|url)$/.test(specifier)) return true
    return RULE_LIBRARIES.includes(name)
  }
  if (under(from, 'connectors')) return !isMcpSdk(specifier)
  if (under(from, 'collector/scan'))
    return (
      COMPUTES.test(specifier) || (specifier === 'node:net' && names.every((imported) => imported.startsWith('isIP')))
    )
  if (under(from, 'collector/instrument'))
    return isBuiltIn(specifier) || isOpenTelemetry(specifier) || (isMcpSdk(specifier) && typeOnly)
  if (under(from, 'collector'))
    return isBuiltIn(specifier) || isOpenTelemetry(specifier) || COLLECTOR_LIBRARIES.includes(name)
  return under(from, 'cli') || isBuiltIn(specifier)
}

export function floorViolations(files: readonly Source[]): string[] {
  return files.flatMap(({ path, imports }) =>
    imports
      .filter((used) => (used.path === undefined ? !mayImportPackage(path, used) : !mayImportPath(path, used.path)))
      .map((used) => `${path} must not import ${used.path ?? used.specifier}`),
  )
}

/** Packages that are imported at run time by what we ship, but are not declared. `declared`: dependencies and peers. */
export function undeclaredPackages(files: readonly Source[], declared: ReadonlySet<string>): string[] {
  return files.flatMap(({ path, imports }) =>
    imports
      .filter((used) => used.path === undefined && !used.typeOnly && !isBuiltIn(used.specifier))
      .filter((used) => !declared.has(packageOf(used.specifier)))
      .map((used) => `${path} imports ${used.specifier}, which package.json does not declare`),
  )
}

/** Cycles of imports that exist at run time, each once, as the files on it. Tarjan's strongly connected components. */
export function importCycles(files: readonly Source[]): string[] {
  const next = new Map(
    files.map(({ path, imports }) => [
      path,
      imports.filter((used) => !used.typeOnly && used.path !== undefined).map((used) => used.path!),
    ]),
  )
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const cycles: string[] = []
  const visit = (path: string): void => {
    index.set(path, index.size)
    low.set(path, index.get(path)!)
    stack.push(path)
    for (const to of next.get(path) ?? []) {
      if (!next.has(to)) continue
      if (!index.has(to)) visit(to)
      if (stack.includes(to)) low.set(path, Math.min(low.get(path)!, low.get(to)!))
    }
    if (low.get(path) !== index.get(path)) return
    const component = stack.splice(stack.indexOf(path))
    if (component.length > 1 || next.get(path)!.includes(path)) cycles.push(component.sort().join(' <-> '))
  }
  for (const path of next.keys()) if (!index.has(path)) visit(path)
  return cycles
}
