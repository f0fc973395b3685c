/** `ingest` against a real receiver, and `sources`: records of files in every form, refusals, and a service that is not there. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { bearerCallers } from '../../../../collector/otlp/credentials.ts'
import { SOURCES } from '../../../../collector/sources/catalogue.ts'
import { AuditdError } from '../../../../schemas/errors.ts'
import { closeAll, forget, seen, start } from '../../collector/otlp/receiver-bed.ts'
import { lines, posthogEvents, sentryPayloads } from '../../collector/sources/recordings.ts'
import { run } from '../command-line.ts'

const KEY = 'k'.repeat(32)
const folder = mkdtempSync(join(tmpdir(), 'ingest-'))
let url = ''
let guarded = ''
beforeAll(async () => {
  url = `http://127.0.0.1:${await start()}`
  const keys = [{ keyId: 'x', secret: KEY, tenant: 'acme', servers: [] }]
  guarded = `http://127.0.0.1:${await start({ authenticate: bearerCallers(keys) })}`
})
afterAll(async () => {
  await closeAll()
  rmSync(folder, { recursive: true })
})
afterEach(forget)
const file = (name: string, text: string): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}
const audit = lines('toolhive-audit.jsonl')

describe('ingest', () => {
  it.each([
    ['JSON lines', () => audit.map((record) => JSON.stringify(record)).join('\n')],
    ['a list on one line', () => JSON.stringify(audit)],
    ['a list over many lines', () => JSON.stringify(audit, null, 2)],
  ])('posts a file of %s', async (form, text) => {
    const path = file(`${form.replaceAll(' ', '-')}.json`, text())
    const { code, stdout } = await run(['ingest', '--source', 'toolhive', '--url', url, path])
    expect([code, stdout]).toEqual([0, `accepted ${audit.length}, refused 0\n`])
    expect(seen.events).toHaveLength(audit.length)
  })

  it('reads standard input, and forms of a producer’s own', async () => {
    const [events, spans] = [posthogEvents(), sentryPayloads('sentry11-sdk-v2.json')]
    const posthog = await run(
      ['ingest', '--source', 'posthog', '--url', `${url}/`, '-'],
      {},
      JSON.stringify({ batch: events }),
    )
    expect([posthog.code, posthog.stdout]).toEqual([0, 'accepted 8, refused 0\n'])
    const sentry = await run(['ingest', '--source', 'sentry', '--url', url, '-'], {}, JSON.stringify(spans))
    expect([sentry.code, sentry.stdout]).toEqual([0, 'accepted 9, refused 0\n'])
  })

  it('sends what is good, says what is not, and ends with 1', async () => {
    const text = [JSON.stringify(audit[0]), 'nonsense', JSON.stringify({ ...audit[1], outcome: 'fine' })].join('\n')
    const { code, stdout, stderr } = await run(['ingest', '--source', 'toolhive', '--url', url, file('mixed', text)])
    expect([code, stdout]).toEqual([1, 'accepted 1, refused 2\n'])
    expect(stderr).toContain('line 2: not JSON')
    expect(stderr).toContain('toolhive: outcome: must be success')
  })

  it('shows its token, by reference only', async () => {
    const path = file('one', JSON.stringify(audit[0]))
    const args = ['ingest', '--source', 'toolhive', '--url', guarded, path]
    const [without, given] = await Promise.all([run(args), run([...args, '--token', 'env:TOKEN'], { TOKEN: KEY })])
    expect([without.code, given.code]).toEqual([1, 0])
    expect(without.stderr).toContain('refused with 401')
    expect(seen.events).toMatchObject([{ tenant: 'acme' }])
  })

  it('waits while the service cannot take events', async () => {
    let times = 0
    seen.publish = async () => {
      if (++times < 3) throw new AuditdError('spool_full', 'spool', '', 'full')
    }
    const { code } = await run([
      'ingest',
      '--source',
      'toolhive',
      '--url',
      url,
      file('later', JSON.stringify(audit[0])),
    ])
    expect([code, times, seen.events.length]).toEqual([0, 3, 1])
  })

  it.each([
    ['a file that is not there', 2, ['--url', 'http://127.0.0.1:9', '/no/such/file']],
    ['a service that is not there', 1, ['--url', 'http://127.0.0.1:9', '-']],
    ['a source that sends no JSON', 2, ['--source', 'fastmcp', '-']],
  ])('ends clearly with %s', async (_, code, args) => {
    const ended = await run(['ingest', '--source', 'toolhive', ...args], {}, JSON.stringify(audit[0]))
    expect([ended.code, ended.stdout]).toEqual([code, ''])
    expect(ended.stderr).not.toMatch(/^\s+at /m)
  })
})

it('sources: every source stands in the table and in JSON', async () => {
  const [md, json] = await Promise.all([run(['sources']), run(['sources', '--format', 'json'])])
  expect((JSON.parse(json.stdout) as { name: string }[]).map(({ name }) => name)).toEqual(
    SOURCES.map(({ name }) => name),
  )
  expect(md.stdout.split('\n')).toHaveLength(SOURCES.length + 3)
  for (const { name, lacks } of SOURCES) {
    expect(md.stdout).toContain(`\`${name}\``)
    expect(md.stdout).toContain(lacks[0]!)
  }
})

describe('facts', () => {
  it('go in as JSON lines and as YAML; what is wrong is told by field and costs its neighbours nothing', async () => {
    const lines = [{ type: 'deployment.event', server: 'files', newBuildDigest: 'b2' }, { type: 'tool.call' }]
    const asLines = await run([
      'ingest',
      '--url',
      url,
      file('facts', lines.map((each) => JSON.stringify(each)).join('\n')),
    ])
    expect(asLines).toMatchObject({
      code: 1,
      stdout: 'accepted 1, refused 1\n',
      stderr: expect.stringContaining('must be one of'),
    })
    const path = join(folder, 'inventory.yaml')
    writeFileSync(
      path,
      'type: inventory.snapshot\ninventoryKind: tools\nserver: files\ntags:\n  delete_file: [destructive, sensitive]\n---\n- type: identity.revoked\n  subjectKind: client\n  subjectKey: ide\n',
    )
    expect(await run(['ingest', '--url', url, path])).toMatchObject({ code: 0, stdout: 'accepted 2, refused 0\n' })
    writeFileSync(path, 'type: [\n')
    expect(await run(['ingest', '--url', url, path])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('document 1'),
    })
  })
})
