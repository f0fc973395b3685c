/** Events as a producer sends them: OTLP over HTTP to a running service, with times of now. */
import { randomUUID } from 'node:crypto'
import { encodeEvents } from '../../collector/event-records.ts'
import type { AuditEvent, EventFields } from '../../schemas/event.ts'

let sequence = 0
const producerId = randomUUID().replaceAll('-', '')
/** A producer says neither tenant nor time of receipt. */
export const sent = (fields: EventFields = {}): AuditEvent =>
  ({
    eventType: 'tool.call',
    eventId: randomUUID(),
    eventTime: new Date().toISOString(),
    serverId: 'hr',
    producerId,
    producerSeq: ++sequence,
    requestUid: randomUUID(),
    method: 'tools/call',
    toolName: 'lookup',
    transport: 'http',
    decision: 'allow',
    ...fields,
  }) as AuditEvent
/** What TOK-001 is about. */
export const wrongAudience = (principalKey: string): AuditEvent =>
  sent({
    eventType: 'auth.token.validated',
    principalKey,
    clientKey: 'ide',
    tokenKind: 'jwt',
    hop: 'direct',
    aud: ['https://graph.example'],
    expectedAud: ['https://hr.example'],
  })

export const post = (otlpUrl: string, events: readonly AuditEvent[], headers: Record<string, string> = {}) =>
  fetch(`${otlpUrl}/v1/logs`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf', ...headers },
    body: Buffer.from(encodeEvents(events)),
  })
