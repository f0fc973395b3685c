// `npm run verify:million`: a store of a million events, verified, a subject erased, verified, an edit found. Arguments: [EVENTS] [DIR, kept].
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { embeddedConnect } from '../../connectors/clickhouse/client.ts'
import { fillStore } from './fill-store.ts'

const count = Number(process.argv[2] ?? 1_000_000)
const kept = process.argv[3]
const dir = kept === undefined ? mkdtempSync(join(tmpdir(), 'million-')) : resolve(kept)
const MAIN = join(import.meta.dirname, '../../cli/main.ts')
const say = (line: string): void => void process.stdout.write(`${line}\n`)
const seconds = (from: number): string => `${((performance.now() - from) / 1000).toFixed(1)} s`

/** As people run it, with the CPU and the memory it took. */
async function command(...args: string[]): Promise<{ readonly code: number; readonly said: string }> {
  const from = performance.now()
  const report = `process.on('exit', () => { const r = process.resourceUsage(); process.stderr.write('#' + Math.round((r.userCPUTime + r.systemCPUTime) / 1e5) / 10 + ' s CPU, ' + Math.round(r.maxRSS / 1024) + ' MB\\n') })`
  const child = spawn(process.execPath, [
    '--import',
    `data:text/javascript,${encodeURIComponent(report)}`,
    MAIN,
    ...args,
  ])
  const ended = new Promise<number>((done) => child.once('close', (code) => done(code ?? -1)))
  const [said, noise] = await Promise.all([text(child.stdout), text(child.stderr)])
  const code = await ended
  say(`${args[0]}: ${seconds(from)}, ${/#(.*)/.exec(noise)?.[1] ?? noise}, exit ${code}`)
  return { code, said }
}
function expectCode(wanted: number, { code, said }: { readonly code: number; readonly said: string }): string {
  if (code !== wanted) throw new Error(`exit ${code} instead of ${wanted}:\n${said}`)
  return said
}

try {
  if (!existsSync(join(dir, 'store'))) {
    const from = performance.now()
    await fillStore(dir, count)
    say(`filled with ${count} events: ${seconds(from)}`)
  }
  say(expectCode(0, await command('verify', '--data', dir)))
  const subject = expectCode(
    0,
    await command(
      'query',
      '--data',
      dir,
      '--format',
      'TSV',
      "SELECT principal_key FROM events WHERE principal_key != '' GROUP BY 1 ORDER BY count() DESC LIMIT 1",
    ),
  ).trim()
  const whose = ['--subject', subject, '--reason', 'a request', '--by', 'a person', '--yes']
  say(expectCode(0, await command('erase', '--data', dir, ...whose)))
  say(expectCode(0, await command('verify', '--data', dir)))
  const connect = await embeddedConnect(join(dir, 'store', 'chdb'))
  const client = await connect('mcp_auditd')
  const place = await client.query({
    query: 'SELECT position_offset AS o, position_index AS i FROM events ORDER BY event_id LIMIT 1 OFFSET 4242',
    format: 'JSONEachRow',
  })
  const [{ o, i }] = (await place.json()) as [{ o: number; i: number }]
  const edit = (value: string) =>
    client.command({
      query: `ALTER TABLE events UPDATE outcome = ${value} WHERE position_offset = ${o} AND position_index = ${i} SETTINGS mutations_sync = 1`,
    })
  await edit("concat(outcome, '!')")
  await client.close()
  const said = expectCode(1, await command('verify', '--data', dir))
  if (!said.includes(`row ${o}/${i} `)) throw new Error(`the edit of row ${o}/${i} is not named:\n${said}`)
  say(said)
} finally {
  if (kept === undefined) rmSync(dir, { recursive: true, force: true })
}
