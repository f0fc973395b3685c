/** Where the running service of a data folder listens, and how a command asks it. */
import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AuditdError, type ErrorCode } from '../../schemas/errors.ts'

export interface RunningService {
  readonly url: string
  readonly token: string
}
const FILE = 'admin.json'

/** Whole or not at all, and with our mode also where an earlier file lies. */
export function announce(dataDir: string, service: RunningService): void {
  mkdirSync(dataDir, { recursive: true })
  const file = join(dataDir, FILE)
  const fresh = `${file}.${randomUUID()}`
  writeFileSync(fresh, JSON.stringify({ ...service, pid: process.pid }), { mode: 0o600 })
  renameSync(fresh, file)
}
export const withdraw = (dataDir: string): void => rmSync(join(dataDir, FILE), { force: true })

/** The running service of a data folder; undefined when none runs. */
export function runningService(dataDir: string): RunningService | undefined {
  try {
    const { url, token, pid } = JSON.parse(readFileSync(join(dataDir, FILE), 'utf8')) as RunningService & {
      pid: number
    }
    process.kill(pid, 0)
    return { url, token }
  } catch {
    return undefined
  }
}

const CODES: Readonly<Record<number, ErrorCode>> = {
  400: 'usage',
  404: 'not_found',
  409: 'config_invalid',
  422: 'usage',
}

/**
 * One question to the running service. GET when `body` is absent. Undefined when nothing listens there: the file of a service that was
 * killed, whose number another program has now. Throws AuditdError with the reason the service gave.
 */
export async function askService(
  { url, token }: RunningService,
  path: string,
  body?: unknown,
): Promise<Response | undefined> {
  const response = await fetch(`${url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  }).catch((error: { cause?: { code?: string } }) => {
    if (error.cause?.code === 'ECONNREFUSED') return undefined
    throw new AuditdError('store_unavailable', 'admin', url, 'the service did not answer', error)
  })
  if (response === undefined || response.ok) return response
  const { error } = (await response.json().catch(() => ({ error: `status ${response.status}` }))) as { error: string }
  const [component = 'admin', ...reason] = error.split(': ')
  throw new AuditdError(CODES[response.status] ?? 'store_unavailable', component, '', reason.join(': '))
}
