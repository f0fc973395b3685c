/** A document of a system outside: from a file, or fetched from an address that was checked, bounded in bytes and time. */
import { readFile, stat } from 'node:fs/promises'
import { parseAllDocuments } from 'yaml'
import { resolveSecret } from '../../collector/instrument/keys/secret.ts'
import { guardedFetch } from '../../connectors/guarded-fetch.ts'
import { AuditdError } from '../../schemas/errors.ts'
import type { SecretReference } from '../../schemas/secret-reference.ts'

export interface Outside {
  readonly name: string
  readonly url?: string | undefined
  readonly path: string
  readonly allowPrivate: boolean
  readonly headers: Readonly<Record<string, SecretReference>>
  readonly timeoutMs: number
}
/** One connection to a system, for as many requests as it takes. */
export interface Reading {
  get(url: string, accept: string): Promise<{ readonly text: string; readonly headers: Headers }>
  close(): Promise<void>
}
export const MAX_BYTES = 64 * 1024 * 1024

/** Throws AuditdError: `target_failed` with the status or reason, never with a URL, which may hold a secret. */
export async function openReading(outside: Outside, signal: AbortSignal): Promise<Reading> {
  const guard = guardedFetch({ allowPrivate: outside.allowPrivate, maxBytes: MAX_BYTES })
  const headers: Record<string, string> = {}
  for (const [name, secret] of Object.entries(outside.headers))
    headers[name] = await resolveSecret(secret, {
      component: 'configuration',
      field: `${outside.name}.headers.${name}`,
    })
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(outside.timeoutMs)])
  return {
    async get(url, accept) {
      try {
        const answer = await guard.fetch(url, {
          headers: { accept, 'user-agent': 'mcp-auditd', ...headers },
          signal: deadline,
        })
        if (!answer.ok) throw failed(outside, `answered ${answer.status}`)
        return { text: await answer.text(), headers: answer.headers }
      } catch (error) {
        if (error instanceof AuditdError) throw error
        const { cause } = error as { cause?: { code?: unknown } }
        throw failed(
          outside,
          deadline.aborted
            ? `no complete answer within ${outside.timeoutMs} ms`
            : String(cause?.code ?? 'the exchange failed'),
          error,
        )
      }
    },
    close: () => guard.close(),
  }
}
export const failed = (outside: Pick<Outside, 'name'>, reason: string, cause?: unknown): AuditdError =>
  new AuditdError('target_failed', 'feed', outside.name, reason, cause)

export async function readLocal(outside: Outside): Promise<string> {
  try {
    if ((await stat(outside.path)).size > MAX_BYTES) throw failed(outside, `is larger than ${MAX_BYTES} bytes`)
    return await readFile(outside.path, 'utf8')
  } catch (error) {
    if (error instanceof AuditdError) throw error
    throw failed(outside, `cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown'}`, error)
  }
}

/** The document of a source that has either a file or a URL. */
export async function readWhole(outside: Outside, signal: AbortSignal): Promise<string> {
  if (outside.path !== '') return readLocal(outside)
  if (outside.url === undefined)
    throw new AuditdError('config_invalid', 'configuration', outside.name, 'must have path or url')
  const reading = await openReading(outside, signal)
  try {
    return (await reading.get(outside.url, 'application/json, application/yaml, text/plain;q=0.5')).text
  } finally {
    await reading.close()
  }
}

/** JSON, or YAML with as many documents as there are: one value each. */
export function valuesOf(outside: Pick<Outside, 'name'>, text: string): readonly unknown[] {
  try {
    return [JSON.parse(text)]
  } catch {
    // Aliases are bounded by the parser: a small text cannot grow without end.
    const documents = [...parseAllDocuments(text)]
    const broken = documents.find((document) => document.errors.length > 0)
    if (broken !== undefined) throw failed(outside, 'is neither JSON nor YAML')
    return documents.map((document) => document.toJS({ maxAliasCount: 100 }) as unknown)
  }
}
export const jsonOf = (outside: Pick<Outside, 'name'>, text: string): unknown => {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw failed(outside, 'is not JSON', error)
  }
}
