/** A failpoint really kills, where its name says, and what was durable then is there afterwards. */
import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'failpoint-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

/** Publishes two events, one after the other, in a service of its own, and says `acknowledged` after each. */
const publish = (env: Record<string, string>) =>
  spawnSync(
    process.execPath,
    [
      '--input-type=module-typescript',
      '--eval',
      `import { Spool } from './connectors/spool/spool.ts'
       import { recordingTelemetry, sampleEvent, sampleRow } from './test/contract/samples.ts'
       const spool = await Spool.open({ dir: ${JSON.stringify(dir)}, telemetry: recordingTelemetry(), clock: { nowMs: () => 0 }, maxBytes: 1e6, encode: sampleRow })
       for (let i = 0; i < 2; i++) { await spool.publish([sampleEvent()]); console.log('acknowledged') }
       await spool.close()`,
    ],
    { env: { ...process.env, ...env }, encoding: 'utf8' },
  )
const names = async () => (await readdir(dir)).filter((name) => /^\d/.test(name)).map((name) => name.replace(/-.*/, ''))

it('does nothing when no point is armed', async () => {
  const { status, stdout } = publish({})
  expect([status, stdout]).toEqual([0, 'acknowledged\nacknowledged\n'])
})

it('kills after the fsync and before the acknowledgement', async () => {
  const { signal, stdout } = publish({ MCP_AUDITD_FAILPOINT: 'after-segment-fsync' })
  expect([signal, stdout]).toEqual(['SIGKILL', ''])
  expect(await names()).toEqual(['0000000000000000'])
})

it('kills at the n-th passage, before the segment has its name', async () => {
  const { signal, stdout } = publish({ MCP_AUDITD_FAILPOINT: 'after-segment-write:2' })
  expect([signal, stdout]).toEqual(['SIGKILL', 'acknowledged\n'])
  expect(await names()).toEqual(['0000000000000000', '0000000000000001.open'])
})

it('takes the acknowledgement after the fsync away on request, and then an acknowledged event is lost', async () => {
  const { signal, stdout } = publish({
    MCP_AUDITD_FAILPOINT: 'after-segment-write',
    MCP_AUDITD_SABOTAGE: 'no-fsync-before-ack',
  })
  expect([signal, stdout]).toEqual(['SIGKILL', 'acknowledged\nacknowledged\n'])
  expect(await names()).toEqual(['0000000000000000.open'])
})
