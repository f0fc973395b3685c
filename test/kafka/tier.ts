// `npm run test:kafka`: runs the tests that need a broker, on KAFKA_BROKERS or on one started for the run. No broker is a failure.
import { spawn } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSource, ROOT, type Source } from '../repo/sources.ts'
import { brokers, startTemporary } from './broker.ts'

const BROKER = 'test/kafka/broker.ts'
const ASKS = /process\.env(\['KAFKA_BROKERS'\]|\.KAFKA_BROKERS)/

/** Test files that reach the shared broker, directly or through a file of test/, or ask for KAFKA_BROKERS themselves. */
export function kafkaTests(files: readonly Source[]): string[] {
  const reaching = new Set(files.filter(({ path, text }) => path === BROKER || ASKS.test(text)).map(({ path }) => path))
  for (let before = -1; before !== reaching.size; ) {
    before = reaching.size
    for (const { path, imports } of files) if (imports.some((used) => reaching.has(used.path ?? ''))) reaching.add(path)
  }
  return [...reaching].filter((path) => path.endsWith('.test.ts')).sort()
}

const testFiles = (): Source[] =>
  globSync('test/**/*.ts', { cwd: ROOT }).map((path) => parseSource(path, readFileSync(join(ROOT, path), 'utf8')))

/** vitest over these files; answers its exit code. */
const runTests = (files: readonly string[], addresses: readonly string[]): Promise<number> =>
  new Promise((done, fail) => {
    const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs')
    const env = { ...process.env, KAFKA_BROKERS: addresses.join(',') }
    const child = spawn(process.execPath, [vitest, 'run', ...files], { cwd: ROOT, env, stdio: 'inherit' })
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => child.kill(signal))
    child.once('error', fail)
    child.once('exit', (code) => done(code ?? 1))
  })

if (import.meta.main) {
  const files = kafkaTests(testFiles())
  if (brokers.length > 0) process.exitCode = await runTests(files, brokers)
  else {
    const broker = await startTemporary(1).catch((error: Error) => {
      process.stderr.write(`Kafka tier: no broker could be started: ${error.message}\n`)
    })
    if (broker === undefined) process.exitCode = 1
    else
      try {
        process.exitCode = await runTests(files, broker.brokers)
      } finally {
        await broker.stop()
      }
  }
}
