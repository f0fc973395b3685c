/** One line for the web page behind an elicitation URL: who opened it and who finished it. */
import { contextFor, knownContext } from '../audit-context.ts'
import { type PrincipalFacts, principalKeyOf } from '../identity/identity.ts'
import type { InstrumentOptions } from '../options.ts'
import { elicitationFp } from './elicitation.ts'

export interface ElicitationPage {
  /** As it was handed out with the URL (until 2025-11-25). */
  readonly elicitationId?: string | undefined
  /** Where there is no id (2026-07-28): the URL, character for character as it was handed out. */
  readonly url?: string | undefined
  readonly stage: 'url_opened' | 'done'
  readonly action?: 'accept' | 'decline' | 'cancel' | undefined
  /** Who is logged in in that browser, as the server's tokens name him (for Entra: tenant id and oid). Leave it out for nobody. */
  readonly person?: Pick<PrincipalFacts, 'issuer' | 'subject'> | undefined
}
const STAGES = new Set<unknown>(['url_opened', 'done'])
const ACTIONS = new Set<unknown>(['accept', 'decline', 'cancel'])

/**
 * To be called when the page is opened, and when the person has finished. `options`: those of instrumentMcpServer. With the same keys
 * the person has the key that his calls have, which is how another person behind the same link is found. Never throws.
 */
export function auditElicitation(page: ElicitationPage, options: InstrumentOptions = {}): void {
  try {
    const context = knownContext(options) ?? contextFor(options, '')
    context.guard(() => {
      const { elicitationId, url, stage, action, person } = page
      context.emit({
        eventType: 'elicitation.completed',
        mode: 'url',
        handleFp: elicitationFp(context, elicitationId, url),
        stage: STAGES.has(stage) ? stage : undefined,
        action: ACTIONS.has(action) ? action : undefined,
        webPrincipalKey:
          person === undefined || person === null
            ? undefined
            : principalKeyOf(context.hashes, person.issuer, person.subject),
      })
    })
  } catch {
    // Not even a context: keys that are too short, say. The page works all the same.
  }
}
