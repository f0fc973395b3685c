/** A decision of a person about a definition, as a fact for the running service: told when the service has made it durable. */
import { randomUUID } from 'node:crypto'
import { AuditdError } from '../../schemas/errors.ts'
import { createSender } from '../ingest-sender.ts'

export interface Decision {
  readonly server: string
  readonly tool: string
  /** '' where every approval is meant. */
  readonly hash: string
  readonly approver: string
}
export type Fact = Readonly<Record<string, string | number | boolean>>

const factOf = (type: string, { server, tool, hash, approver }: Decision): Fact => ({
  type,
  // Sent again after an answer that was lost, it is the same fact.
  id: randomUUID(),
  server,
  tool,
  approver,
  ...(hash !== '' && { approvedHash: hash }),
})
/** `untilMs`: end of the approval, 0 for none. */
export const approval = (decision: Decision, untilMs: number): Fact => ({
  ...factOf('tool.approved', decision),
  expiresAt: Math.floor(untilMs / 1_000),
})
/** `all`: every approval of the tool ends, and the trust in what was learned. */
export const revocation = (decision: Decision, all: boolean): Fact => ({
  ...factOf('tool.approval.revoked', decision),
  all,
})

/** Throws AuditdError when the service does not answer or does not believe it. */
export async function tell(fact: Fact, otlpUrl: string, bearer: string): Promise<void> {
  const url = `${otlpUrl.replace(/\/$/, '')}/v1/facts`
  const sender = createSender({ url, bearer })
  await sender.send(fact)
  const { accepted, reason } = await sender.finish()
  if (accepted === 0) throw new AuditdError('event_invalid', 'definitions', url, reason || 'was refused')
}
