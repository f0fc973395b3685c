/** Messages that reach a session although somebody else caused them. */

import type { Match } from '../rule.ts'
import { type Aliases, isOwner } from './ownership.ts'

export interface ForeignOptions {
  readonly shared: readonly string[]
  readonly changes: readonly string[]
  readonly systemTags: readonly string[]
  readonly aliases: Aliases
}
interface Message {
  readonly notification: string
  readonly producerPrincipal: string
  readonly causeRequestUid: string
  tagsOf(kind: 'principals', name: string): readonly string[]
}
/** `kind`: of the queue, or how it was sent. An empty producer is the server by itself; an empty owner is not known yet. */
export function judgeMessage(e: Message, kind: string, owner: string, options: ForeignOptions): Match | undefined {
  const { producerPrincipal: producer, notification } = e
  if (producer === '' || owner === '' || isOwner(producer, owner, options.aliases)) return undefined
  if (options.shared.includes(notification)) return undefined
  if (e.tagsOf('principals', producer).some((tag) => options.systemTags.includes(tag))) return undefined
  return {
    severity: options.changes.includes(notification) ? 'medium' : 'high',
    saw: `${notification || `a ${kind}`} in the session, caused by principal ${producer}`,
    expected: `messages that principal ${owner} or the server causes`,
    evidence: { kind, notification, causeRequest: e.causeRequestUid },
  }
}
