// What is published works without the sources: the instrument package on Node 20 with its types, the service's commands on ours.
import { execFileSync, spawnSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { build } from '../../deploy/build.ts'
import { findNode20 } from '../node20.ts'
import { packageOf, parseSource, ROOT } from '../repo/sources.ts'

const node20 = findNode20()
const without20 = node20 === undefined ? ' (skipped: there is no Node 20 on the PATH)' : ''

const dist = mkdtempSync(join(realpathSync(tmpdir()), 'mcp-auditd-build-'))
const instrument = join(dist, 'instrument')
const service = join(dist, 'mcp-auditd')
afterAll(() => rmSync(dist, { recursive: true, force: true }))
beforeAll(() => {
  build(dist)
  // The packages of the repository, but the instrument package as built.
  const packages = join(dist, 'node_modules')
  mkdirSync(join(packages, '@mcp-auditd'), { recursive: true })
  for (const name of readdirSync(join(ROOT, 'node_modules')))
    if (!name.startsWith('.') && name !== '@mcp-auditd')
      symlinkSync(join(ROOT, 'node_modules', name), join(packages, name))
  symlinkSync(instrument, join(packages, '@mcp-auditd/instrument'))
}, 180_000)

const filesOf = (folder: string, end: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith(end))
const manifestOf = (folder: string) =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, Record<string, unknown>>

describe('the instrument package', () => {
  it.skipIf(node20 === undefined)(`loads on Node 20${without20}`, () => {
    const code =
      "import('@mcp-auditd/instrument').then((m) => console.log(typeof m.instrumentMcpServer, typeof m.auditTokenVerifier))"
    expect(execFileSync(node20!, ['-e', code], { cwd: dist, encoding: 'utf8' }).trim()).toBe('function function')
  })
  it.skipIf(node20 === undefined)(`its Kafka entry loads on Node 20${without20}`, () => {
    const code = "import('@mcp-auditd/instrument/kafka').then((m) => console.log(typeof m.KafkaAuditExporter))"
    expect(execFileSync(node20!, ['-e', code], { cwd: dist, encoding: 'utf8' }).trim()).toBe('function')
  })
  it('carries only what it needs: no detector, no store, no command', () => {
    const folders = new Set(filesOf(instrument, '.js').map((path) => path.split('/').slice(0, 2).join('/')))
    // register.js stands in front, where NODE_OPTIONS can name it by path.
    const allowed = /^(register\.js$|schemas\/|collector\/(instrument|scan)$|connectors\/kafka$)/
    expect([...folders].filter((folder) => !allowed.test(folder))).toEqual([])
  })
  it('declares every package that its files import', () => {
    const { dependencies, peerDependencies, optionalDependencies } = manifestOf(instrument)
    const declared = new Set(Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies }))
    const imported = filesOf(instrument, '.js').flatMap((path) =>
      parseSource(path, readFileSync(join(instrument, path), 'utf8')).imports.map(({ specifier }) => specifier),
    )
    const packages = new Set(imported.filter((name) => !/^(\.|node:)/.test(name)).map(packageOf))
    expect([...packages].filter((name) => !declared.has(name))).toEqual([])
  })
  it('imports a Kafka client with its Kafka entry only', () => {
    // kafkajs is CommonJS, so what was loaded of it stands in require.cache.
    const loaded = (entry: string): number => {
      const code = `import('${entry}').then(() => console.log(Object.keys(require.cache).filter((file) => /kafkajs/.test(file)).length))`
      return Number(execFileSync(process.execPath, ['-e', code], { cwd: dist, encoding: 'utf8' }))
    }
    expect(loaded('@mcp-auditd/instrument')).toBe(0)
    expect(loaded('@mcp-auditd/instrument/kafka')).toBeGreaterThan(10)
  })
  it('has types that a strict consumer compiles against', () => {
    writeFileSync(
      join(dist, 'consumer.ts'),
      "import { instrumentMcpServer } from '@mcp-auditd/instrument'\nexport const use: Function = instrumentMcpServer\nexport const wrong: number = instrumentMcpServer\n",
    )
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
    const options = [
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--target',
      'es2022',
      '--skipLibCheck',
      '--types',
      '',
    ]
    const { stdout } = spawnSync(process.execPath, [tsc, ...options, 'consumer.ts'], { cwd: dist, encoding: 'utf8' })
    // The one deliberate error shows that the types were found and are not `any`.
    expect(stdout.trim().split('\n')).toEqual([expect.stringMatching(/^consumer\.ts\(3,14\): error TS2322/)])
  })
})

describe('the service', () => {
  const run = (...args: string[]): string =>
    execFileSync(process.execPath, [join(service, manifestOf(service)['bin']!['mcp-auditd'] as string), ...args], {
      cwd: dist,
      encoding: 'utf8',
    })

  it('prints its schemas and the rules it found by folder', () => {
    expect(JSON.parse(run('schemas', 'event'))).toHaveProperty('title', 'AuditEvent')
    const rules = JSON.parse(run('rules', '--format', 'json')) as { id: string }[]
    expect(rules.map(({ id }) => id)).toContain('tok-001-audience-mismatch')
    expect(run('query', '--list')).toMatch(/^@blast-radius /m)
  })
  it('holds the migrations and no test', () => {
    expect(filesOf(join(service, 'schemas/clickhouse'), '.sql').length).toBeGreaterThan(0)
    expect(readdirSync(service)).not.toContain('test')
    expect(filesOf(service, '.ts').filter((path) => !path.endsWith('.d.ts'))).toEqual([])
  })
})
