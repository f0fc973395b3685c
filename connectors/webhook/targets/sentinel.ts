/** The Sentinel target: alerts and events as rows of two tables, by the Logs Ingestion API and a data collection rule of kind Direct. */
import { createHash } from 'node:crypto'
import { AuditdError } from '../../../schemas/errors.ts'
import type {
  AlertTarget,
  Delivery,
  Exchange,
  TargetPayload,
  TargetRequest,
  TargetVerdict,
} from '../../../schemas/ports.ts'
import { clientToken, type TokenSource } from '../azure/azure-token.ts'
import { identityToken } from '../azure/managed-identity.ts'
import { again, type Meaning, meaningOf } from '../azure/sentinel-answer.ts'
import {
  auditRow,
  bodyOf,
  CALL_BYTES,
  detectionRow,
  type RowText,
  rowText,
  type SentinelRow,
} from '../azure/sentinel-rows.ts'
import { type BatchResult, batches, inHalves, together } from '../batches.ts'
import { withoutSecrets, withRetryAfter } from '../http-target.ts'
import { defineTarget, targetUrl } from '../target-factory.ts'

const API_VERSION = '2023-01-01'
/** Two brackets around the rows. */
const LIMITS = { bytes: CALL_BYTES - 2, entries: 1_000 }
const TOGETHER = 200

export interface SentinelOptions {
  readonly endpoint: string
  readonly ruleId: string
  readonly alertStream: string
  readonly eventStream: string
  readonly events: boolean
  readonly tokens: TokenSource
}
/** A row with what it was made from: it may have to be cut further. */
interface Entry extends RowText {
  readonly row: SentinelRow
}

/**
 * The service knows no repeats: a row that comes again after a lost answer stands there twice, with the same AlertUid and Revision, or the
 * same ServerId and EventId.
 */
export function sentinelTarget(name: string, options: SentinelOptions): AlertTarget {
  const { tokens, alertStream, eventStream, ruleId } = options
  const endpoint = options.endpoint.replace(/\/+$/, '')
  const request = (stream: string, entries: readonly Entry[], token: string): TargetRequest => {
    const body = bodyOf(entries)
    return {
      url: `${endpoint}/dataCollectionRules/${ruleId}/streams/${encodeURIComponent(stream)}?api-version=${API_VERSION}`,
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${token}`,
        // What Microsoft's support asks for. The same rows carry the same id.
        'x-ms-client-request-id': guidOf(body),
      },
      body,
    }
  }

  /** Verdicts in the order of the rows. Once something has to wait, what stands behind it is not sent: it waits too. */
  async function sendAll(stream: string, rows: readonly SentinelRow[], exchange: Exchange) {
    let waiting: TargetVerdict | undefined
    const attempt = async (entries: readonly Entry[]): Promise<BatchResult> => {
      if (waiting !== undefined) return entries.map(() => waiting!)
      const meaning = await post(stream, entries, exchange)
      if (!('verdict' in meaning)) {
        const [first] = entries
        const harder =
          meaning.kind === 'large' && entries.length === 1 ? entryOf(first!.row, first!.cut + 1) : undefined
        return harder === undefined ? { refusedWhole: meaning.reason } : attempt([harder])
      }
      if (meaning.verdict.kind === 'retry') waiting = meaning.verdict
      return entries.map(() => meaning.verdict)
    }
    const verdicts: TargetVerdict[] = []
    for (const batch of batches(rows.map(entry), LIMITS)) verdicts.push(...(await inHalves(batch, attempt)))
    return verdicts
  }

  /** One call. A token that is refused is replaced once: it may have been withdrawn before its time. */
  async function post(stream: string, entries: readonly Entry[], exchange: Exchange): Promise<Meaning> {
    let refused: string | undefined
    for (;;) {
      const { token, ...none } = await tokens.token(exchange, refused)
      if (token === undefined) return { kind: 'verdict', verdict: { kind: 'retry', ...(none as { reason: string }) } }
      const meaning = await exchanged(request(stream, entries, token), exchange)
      if (meaning.kind !== 'token' || refused !== undefined) return meaning
      refused = token
    }
  }
  /** What goes wrong on the way is a verdict: rows of an earlier call have one already, and are not sent again. */
  async function exchanged(asked: TargetRequest, exchange: Exchange): Promise<Meaning> {
    try {
      const answer = await exchange.send(asked)
      const meaning = meaningOf(answer)
      return 'verdict' in meaning ? { ...meaning, verdict: withRetryAfter(meaning.verdict, answer, exchange) } : meaning
    } catch (error) {
      if (error instanceof AuditdError) return { kind: 'verdict', verdict: again(error.message) }
      throw error
    }
  }

  const shown = (stream: string, rows: readonly SentinelRow[]): readonly TargetPayload[] =>
    batches(rows.map(entry), LIMITS).map((batch) => {
      const asked = request(stream, batch, '')
      return { ...withoutSecrets(asked), to: `POST ${asked.url}` }
    })
  const rowsOf = (deliveries: readonly Delivery[]) => deliveries.map(({ alert }) => detectionRow(alert))
  const target: AlertTarget = {
    name,
    together: TOGETHER,
    payloads: (deliveries) => shown(alertStream, rowsOf(deliveries)),
    deliver: (deliveries, exchange) => sendAll(alertStream, rowsOf(deliveries), exchange),
  }
  if (!options.events) return target
  /** Rows that are in the table although the whole was not delivered: it comes again, cut otherwise, and they are not sent twice. */
  const taken = new Set<string>()
  return {
    ...target,
    eventPayloads: (rows) => shown(eventStream, rows.map(auditRow)),
    async deliverEvents(rows, _key, exchange) {
      const all = rows.map(auditRow)
      const missing = all.filter((row) => !taken.has(identityOf(row)))
      const verdicts = await sendAll(eventStream, missing, exchange)
      const verdict = together(verdicts)
      if (verdict.kind === 'delivered') for (const row of all) taken.delete(identityOf(row))
      else for (const [at, row] of missing.entries()) if (verdicts[at]?.kind === 'delivered') taken.add(identityOf(row))
      return verdict
    },
  }
}

const identityOf = ({ Tenant, ServerId, EventId }: SentinelRow): string => JSON.stringify([Tenant, ServerId, EventId])
function entryOf(row: SentinelRow, cut: number): Entry | undefined {
  const text = rowText(row, cut)
  return text === undefined ? undefined : { row, ...text }
}
/** The hardest cut of a row of our columns always fits. */
const entry = (row: SentinelRow): Entry => entryOf(row, 0)!

/** A GUID out of a hash (RFC 9562, version 8). */
function guidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  )
}

export default defineTarget({
  type: 'sentinel',
  async create(name, config, settings) {
    const { credential, audience } = config
    const endpoint = targetUrl(name, config.endpoint, settings.allowPrivate, 'endpoint')
    if (credential.kind === 'managed-identity') {
      const tokens = identityToken(name, { audience, clientId: credential.clientId, environment: process.env })
      return sentinelTarget(name, { ...config, endpoint, tokens })
    }
    const authority = targetUrl(name, credential.authority, settings.allowPrivate, 'credential.authority')
    const field = `targets.${name}.credential.clientSecret`
    const secret = (await settings.secret(credential.clientSecret, field)).trim()
    return sentinelTarget(name, {
      ...config,
      endpoint,
      tokens: clientToken({ ...credential, authority, audience }, { secret }),
    })
  },
})
