/** Records to the service in requests of a bounded size, one after the other, repeated while it says that it cannot take them now. */
import { setTimeout as wait } from 'node:timers/promises'
import { AuditdError } from '../schemas/errors.ts'

export interface Sender {
  send(record: unknown): Promise<void>
  /** Sends what is left, and sums up. */
  finish(): Promise<{ readonly accepted: number; readonly rejected: number; readonly reason: string }>
}

const REQUEST_CHARS = 2 * 1024 * 1024
const REQUEST_RECORDS = 1_000
/** Beyond this the service is not coming back soon, and a person should know. */
const PATIENCE_MS = 60_000
const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 5_000

export function createSender({ url, bearer }: { readonly url: string; readonly bearer: string }): Sender {
  const headers: Record<string, string> = { 'content-type': 'application/json' }
  if (bearer !== '') headers['authorization'] = `Bearer ${bearer}`
  const sum = { accepted: 0, rejected: 0, reason: '' }
  let held: string[] = []
  let chars = 0

  async function post(): Promise<void> {
    if (held.length === 0) return
    const body = `[${held.join(',')}]`
    held = []
    chars = 0
    const taken = await posted(url, headers, body, sum.accepted)
    sum.accepted += taken.accepted
    sum.rejected += taken.rejected
    if (sum.reason === '') sum.reason = taken.reason ?? ''
  }
  return {
    async send(record) {
      const text = JSON.stringify(record) ?? 'null'
      if (held.length > 0 && (chars + text.length > REQUEST_CHARS || held.length >= REQUEST_RECORDS)) await post()
      held.push(text)
      chars += text.length
    },
    async finish() {
      await post()
      return sum
    },
  }
}

interface Taken {
  readonly accepted: number
  readonly rejected: number
  readonly reason?: string
}

/** `before`: how many were taken before, for the message: nothing is sent twice by starting anew, since records have ids. */
async function posted(url: string, headers: Record<string, string>, body: string, before: number): Promise<Taken> {
  const deadlineMs = Date.now() + PATIENCE_MS
  const failed = (reason: string, cause?: unknown): AuditdError =>
    new AuditdError('bus_unavailable', 'ingest', url, `${reason}; ${before} records were taken before`, cause)
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
    let status: number
    let text: string
    try {
      const response = await fetch(url, { method: 'POST', headers, body })
      status = response.status
      text = await response.text()
    } catch (error) {
      throw failed('the service does not answer', error)
    }
    if (status === 200) return JSON.parse(text) as Taken
    if (status !== 503 && status !== 429) throw failed(`refused with ${status}: ${messageOf(text)}`)
    if (Date.now() > deadlineMs) throw failed('the service cannot take events now')
    await wait(pauseMs)
  }
}

function messageOf(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown }
    return typeof message === 'string' ? message : ''
  } catch {
    return ''
  }
}
