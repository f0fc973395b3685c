// The broker starter says what is missing in words a person can act on.
import { execFile } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const run = promisify(execFile)
const script = join(import.meta.dirname, '../../../cli/kafka-broker.ts')
const ask = `import { missingForBroker } from ${JSON.stringify(script)}; console.log(await missingForBroker())`

/** The answer on a machine whose PATH holds only these programs. */
async function missingWith(programs: Record<string, string>): Promise<string> {
  const bin = mkdtempSync(join(tmpdir(), 'path-'))
  try {
    for (const [name, body] of Object.entries(programs)) {
      writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`)
      chmodSync(join(bin, name), 0o755)
    }
    return (await run(process.execPath, ['--input-type=module', '-e', ask], { env: { PATH: bin } })).stdout
  } finally {
    rmSync(bin, { recursive: true, force: true })
  }
}

test('without Java it names Java and the other way out', async () => {
  expect(await missingWith({})).toMatch(/no `java` on the PATH.*KAFKA_BROKERS/)
})

test('an old Java is named with its version', async () => {
  expect(await missingWith({ java: `echo 'openjdk version "11.0.2" 2019-01-15' >&2` })).toMatch(
    /java 11 is too old.*17/,
  )
})

test('an unknown command is a usage error', async () => {
  const failure = await run(process.execPath, [script, 'sideways']).catch((error) => error)
  expect(failure).toMatchObject({ code: 2, stderr: expect.stringContaining('usage') })
})
