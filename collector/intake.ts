/** The intake: what every edge hands over is admitted, made durable on the bus, and only then acknowledged. */
import type { AuditEvent } from '../schemas/event.ts'
import type { Clock, DeadLetter, DeadLetters, EventBus, Intake, Telemetry } from '../schemas/ports.ts'
import { admit } from './admit.ts'

export interface IntakeParts {
  readonly bus: EventBus
  readonly deadLetters: DeadLetters
  readonly clock: Clock
  readonly telemetry: Telemetry
}

/** Delivery: resolves after the bus is durable. A transient failure of the bus rejects the whole call, so the sender repeats it. */
export function createIntake({ bus, deadLetters, clock, telemetry }: IntakeParts): Intake {
  return {
    async take(candidates, refusedBefore, caller, positions) {
      const receivedMs = clock.nowMs()
      const edge = { edge: 'collect' }
      telemetry.count('mcp_auditd_events_received_total', candidates.length + refusedBefore.length, edge)
      const events: AuditEvent[] = []
      const refused: DeadLetter[] = [...refusedBefore]
      for (const [at, candidate] of candidates.entries()) {
        const admitted = admit(candidate, caller, receivedMs)
        const position = positions?.[at]
        if ('event' in admitted) events.push(admitted.event)
        else refused.push(position === undefined ? admitted.refused : { ...admitted.refused, position })
      }
      if (refused.length > 0) {
        await deadLetters.add(refused)
        telemetry.count('mcp_auditd_events_rejected_total', refused.length, { component: 'collect', reason: 'invalid' })
      }
      if (events.length > 0) await bus.publish(events)
      telemetry.count('mcp_auditd_events_accepted_total', events.length, edge)
      const first = refused[0]
      return {
        accepted: events.length,
        rejected: refused.length,
        reason: first === undefined ? '' : `${first.component}: ${first.field}: ${first.reason}`,
      }
    },
  }
}
