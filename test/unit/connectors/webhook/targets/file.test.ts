/** The file target on a real disk: rotation, a file moved away, half a line after a kill, a disk that is full. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventUid } from '../../../../../connectors/webhook/forms/event-row.ts'
import type { LineHandle } from '../../../../../connectors/webhook/line-file.ts'
import { type FileOptions, fileTarget } from '../../../../../connectors/webhook/targets/file.ts'
import type { AlertTarget, Exchange } from '../../../../../schemas/ports.ts'
import { HOSTILE, sampleAlert, sampleDelivery } from '../../../../fakes/alerts.ts'

let folder = ''
let path = ''
const open_: AlertTarget[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcp-auditd-file-'))
  path = join(folder, 'alerts.jsonl')
})
afterEach(async () => {
  for (const target of open_.splice(0)) await target.close?.()
  rmSync(folder, { recursive: true })
})
const exchange = {} as Exchange
function started(more: Partial<FileOptions> = {}): AlertTarget {
  const target = fileTarget('file', { path, rotateBytes: 1_000_000, keep: 2, form: 'alert', events: true, ...more })
  open_.push(target)
  return target
}
const id = (at: number) => at.toString(16).padStart(32, '0')
const delivery = (at: number, more: object = {}) => sampleDelivery('file', sampleAlert({ alertId: id(at), ...more }))
const lines = (of = path) => readFileSync(of, 'utf8').split('\n').slice(0, -1)
const uids = (of = path) => lines(of).map((line) => (JSON.parse(line) as { uid: string }).uid)

describe('the file target', () => {
  it('writes one line for each alert, readable by its owner alone', async () => {
    const target = started()
    expect(await target.deliver([delivery(1), delivery(2, { title: HOSTILE })], exchange)).toEqual([
      { kind: 'delivered' },
      { kind: 'delivered' },
    ])
    expect(uids()).toEqual([`${id(1)}-1`, `${id(2)}-1`])
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(lines()[1]).toMatch(/^[^\u0000-\u001f\u007f-\u009f\u202e\u2066\u200b]+$/)
  })
  it('appends to what stands there', async () => {
    appendFileSync(path, '{"uid":"before"}\n')
    await started().deliver([delivery(1)], exchange)
    expect(uids()).toEqual(['before', `${id(1)}-1`])
  })
  it('is renamed at its size, and so many files are kept', async () => {
    const target = started({ rotateBytes: 5_000 })
    for (let at = 0; at < 12; at++) await target.deliver([delivery(at)], exchange)
    const all = [`${path}.2`, `${path}.1`, path].flatMap(uids)
    expect(all).toEqual(Array.from({ length: 12 }, (_, at) => `${id(at)}-1`).slice(-all.length))
    expect(statSync(`${path}.1`).size).toBeLessThanOrEqual(5_000)
    expect(existsSync(`${path}.3`)).toBe(false)
  })
  it('keeps no old file when told so', async () => {
    const target = started({ rotateBytes: 4_096, keep: 0 })
    for (let at = 0; at < 5; at++) await target.deliver([delivery(at)], exchange)
    expect(existsSync(`${path}.1`)).toBe(false)
    expect(uids().at(-1)).toBe(`${id(4)}-1`)
  })
  it.each([
    ['moved away', () => renameSync(path, `${path}.moved`)],
    ['removed', () => rmSync(path)],
  ])('goes on in a new file when the old one was %s', async (_, lose) => {
    const target = started()
    await target.deliver([delivery(1)], exchange)
    lose()
    await target.deliver([delivery(2)], exchange)
    expect(uids()).toEqual([`${id(2)}-1`])
  })
  it('half a line of a killed writer is ended, and the next line is whole', async () => {
    appendFileSync(path, '{"uid":"torn')
    await started().deliver([delivery(1)], exchange)
    expect(lines()[0]).toBe('{"uid":"torn')
    expect((JSON.parse(lines()[1]!) as { uid: string }).uid).toBe(`${id(1)}-1`)
  })
  it('what a killed process had reported as delivered is in the file', async () => {
    const writer = `
      const { fileTarget } = await import(${JSON.stringify(new URL('../../../../../connectors/webhook/targets/file.ts', import.meta.url).href)})
      const { sampleAlert, sampleDelivery } = await import(${JSON.stringify(new URL('../../../../fakes/alerts.ts', import.meta.url).href)})
      const target = fileTarget('file', { path: process.argv[1], rotateBytes: 1e9, keep: 1, form: 'alert', events: false })
      for (let at = 0; ; at++) {
        const alert = sampleAlert({ alertId: at.toString(16).padStart(32, '0') })
        await target.deliver([sampleDelivery('file', alert)], {})
        process.stdout.write(at + '\\n')
      }`
    const child = spawn(process.execPath, ['--input-type=module', '-e', writer, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      if (said.split('\n').length > 20) child.kill('SIGKILL')
    })
    await once(child, 'close')
    const reported = said.split('\n').filter((line) => line !== '').length
    await started().deliver([delivery(0xfff)], exchange)
    const whole = lines().flatMap((line) => {
      try {
        return [(JSON.parse(line) as { uid: string }).uid]
      } catch {
        return []
      }
    })
    expect(whole.slice(0, reported)).toEqual(Array.from({ length: reported }, (_, at) => `${id(at)}-1`))
    expect(whole.at(-1)).toBe(`${id(0xfff)}-1`)
    expect(lines().length - whole.length).toBeLessThanOrEqual(1)
  })
  it('a full disk is trouble of the moment, and leaves no half line', async () => {
    let room = 3_000
    const target = started({
      open: (at) =>
        bounded(
          at,
          () => room,
          (bytes) => (room -= bytes),
        ),
    })
    await target.deliver([delivery(1)], exchange)
    await expect(target.deliver([delivery(2), delivery(3)], exchange)).rejects.toMatchObject({ code: 'target_failed' })
    expect(uids()).toEqual([`${id(1)}-1`])
    room = 1_000_000
    await target.deliver([delivery(2), delivery(3)], exchange)
    expect(uids()).toEqual([1, 2, 3].map((at) => `${id(at)}-1`))
  })
  it.skipIf(!existsSync('/dev/full'))('the error of the system is named, without the path', async () => {
    const target = started({ path: '/dev/full' })
    await expect(target.deliver([delivery(1)], exchange)).rejects.toThrow('file: ENOSPC')
  })
  it('deliveries that come at once are written one after the other', async () => {
    const target = started({ rotateBytes: 20_000, keep: 20 })
    await Promise.all(Array.from({ length: 30 }, (_, at) => target.deliver([delivery(at)], exchange)))
    const files = [...Array.from({ length: 20 }, (_, at) => `${path}.${20 - at}`), path].filter(existsSync)
    expect(files.flatMap(uids)).toEqual(Array.from({ length: 30 }, (_, at) => `${id(at)}-1`))
  })
  it('takes rows of events', async () => {
    const target = started()
    const rows = [{ event_id: 'e1', tool_name: HOSTILE, fields: '{"argsBytes":3}' }]
    expect(await target.deliverEvents!(rows, 'k', exchange)).toEqual({ kind: 'delivered' })
    expect(JSON.parse(lines()[0]!)).toEqual({
      kind: 'event',
      uid: eventUid(rows[0]!),
      event: { event_id: 'e1', tool_name: HOSTILE, fields: { argsBytes: 3 } },
    })
  })
})

/** A file on a disk with so much room: a write is cut at its end, as the system does it, and the next one fails. */
async function bounded(at: string, room: () => number, took: (bytes: number) => void): Promise<LineHandle> {
  const handle = await open(at, 'a+', 0o600)
  const full = () => Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
  return new Proxy(handle, {
    get(target, name) {
      if (name === 'write') {
        return async (bytes: Buffer) => {
          if (room() <= 0) throw full()
          const done = await target.write(bytes.subarray(0, room()))
          took(done.bytesWritten)
          return done
        }
      }
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
