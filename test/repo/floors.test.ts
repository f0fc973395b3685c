// Laws of DESIGN: a folder is a floor, a floor imports only lower floors, vendors live in connectors/, no cycles.
import { describe, expect, it } from 'vitest'
import { floorViolations, importCycles, undeclaredPackages } from './floors.ts'
import { isTest, parseSource, readTracked, sources } from './sources.ts'

const at = (path: string, text: string) => parseSource(path, text)
const violations = (path: string, text: string) => floorViolations([at(path, text)]).length

describe('floors', () => {
  it('every import of the repository goes down or stays on its floor', () => {
    expect(floorViolations(sources())).toEqual([])
  })
  it.each([
    ['schemas/a.ts', "import pino from 'pino'"],
    ['schemas/a.ts', "import { readFileSync } from 'node:fs'"],
    ['schemas/a.ts', "import type { R } from '../detectors/rule.ts'"],
    ['detectors/a.ts', "import { f } from '../connectors/memory.ts'"],
    ['detectors/a.ts', "import { randomUUID } from 'node:crypto'"],
    ['detectors/a.ts', "import * as crypto from 'node:crypto'"],
    ['detectors/rules/tok/a.ts', "import { readFileSync } from 'node:fs'"],
    ['detectors/engine/engine.ts', "import { readFileSync } from 'node:fs'"],
    ['connectors/a.ts', "import { f } from '../detectors/rule.ts'"],
    ['connectors/a.ts', "import { f } from '../collector/redact.ts'"],
    ['collector/a.ts', "import { Kafka } from 'kafkajs'"],
    ['collector/a.ts', "import type { Kafka } from 'kafkajs'"],
    ['collector/a.ts', "import { f } from '../detectors/engine/engine.ts'"],
    ['collector/a.ts', "import { McpServer } from '@modelcontextprotocol/server'"],
    ['collector/a.ts', "import cron from 'node-cron'"],
    ['collector/scan/a.ts', "import { f } from '../redact.ts'"],
    ['collector/instrument/a.ts', "import { f } from '../redact.ts'"],
    ['collector/instrument/a.ts', "import { McpServer } from '@modelcontextprotocol/server'"],
    ['collector/instrument/a.ts', "import { f } from '../../connectors/kafka/driver.ts'"],
    ['collector/instrument/a.ts', "const k = await import('../../connectors/kafka/driver.ts')"],
    ['collector/instrument/a.ts', "import type { D } from '../../connectors/kafka/driver.ts'"],
    ['collector/instrument/kafka.ts', "import { f } from '../../connectors/clickhouse/store.ts'"],
    ['cli/a.ts', "import { Kafka } from 'kafkajs'"],
    ['cli/a.ts', "import { brokers } from '../test/kafka/broker.ts'"],
    ['cli/a.ts', "export * from '../test/kafka/broker.ts'"],
    ['cli/a.ts', "type B = import('../test/kafka/broker.ts').Broker"],
    ['deploy/a.ts', "import { f } from '../cli/main.ts'"],
  ])('%s with `%s` breaks the law', (path, text) => {
    expect(violations(path, text)).toBe(1)
  })
  it.each([
    ['schemas/a.ts', "import { z } from 'zod'"],
    ['detectors/load.ts', "import { readdirSync } from 'node:fs'"],
    ['detectors/a.ts', "import { createHash } from 'node:crypto'"],
    ['connectors/a.ts', "import { Kafka } from 'kafkajs'"],
    ['collector/otlp/a.ts', "import { f } from '../../connectors/spool/spool.ts'"],
    ['collector/instrument/a.ts', "import type { McpServer } from '@modelcontextprotocol/server'"],
    ['collector/instrument/kafka.ts', "import { f } from '../../connectors/kafka/driver.ts'"],
    ['cli/a.ts', "import { f } from '../detectors/engine/engine.ts'"],
    ['test/a.ts', "import { Kafka } from 'kafkajs'"],
  ])('%s with `%s` keeps the law', (path, text) => {
    expect(violations(path, text)).toBe(0)
  })
})

describe('cycles', () => {
  it('no import that exists at run time is on a cycle', () => {
    expect(importCycles(sources())).toEqual([])
  })
  it('a cycle over three files is found once, and a file that imports itself', () => {
    const circle = [
      at('cli/a.ts', "import { b } from './b.ts'"),
      at('cli/b.ts', "import { c } from './c.ts'"),
      at('cli/c.ts', "export { a } from './a.ts'"),
      at('cli/d.ts', "import { a } from './a.ts'"),
      at('cli/e.ts', "import './e.ts'"),
    ]
    expect(importCycles(circle)).toEqual(['cli/a.ts <-> cli/b.ts <-> cli/c.ts', 'cli/e.ts'])
  })
  it('a cycle of types alone is allowed', () => {
    const pair = [at('cli/a.ts', "import type { B } from './b.ts'"), at('cli/b.ts', "import { a } from './a.ts'")]
    expect(importCycles(pair)).toEqual([])
  })
})

describe('declared packages', () => {
  const manifest = JSON.parse(readTracked('package.json')) as Record<string, Record<string, string>>
  const instrument = JSON.parse(readTracked('collector/instrument/package.json')) as Record<
    string,
    Record<string, string>
  >
  const names = (...parts: (Record<string, string> | undefined)[]) =>
    new Set(parts.flatMap((part) => Object.keys(part ?? {})))

  it('what we ship imports only packages that package.json declares for production', () => {
    const declared = names(manifest['dependencies'], manifest['optionalDependencies'], manifest['peerDependencies'])
    for (const developed of ['chdb', 'typescript']) declared.add(developed) // optional peer; build only
    const shipped = sources().filter((source) => !isTest(source.path))
    expect(undeclaredPackages(shipped, declared)).toEqual([])
  })
  it('the instrument package declares what its own files import', () => {
    const declared = names(
      instrument['dependencies'],
      instrument['peerDependencies'],
      instrument['optionalDependencies'],
    )
    const own = sources().filter((source) => source.path.startsWith('collector/instrument/'))
    expect(undeclaredPackages(own, declared)).toEqual([])
  })
  it('an import of an undeclared package is found', () => {
    expect(undeclaredPackages([at('cli/a.ts', "import x from 'left-pad/sub'")], new Set(['zod']))).toHaveLength(1)
  })
})
