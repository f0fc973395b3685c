/**
 * The MCP request that is being served, for whatever happens in its course: a decision, an outbound request, a program that is
 * started. AsyncLocalStorage costs every promise on older Node, so requests are followed only once somebody asks for it.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { AuditContext } from '../audit-context.ts'
import type { MessageExtra, Request } from './request.ts'

export interface CallInFlight {
  readonly context: AuditContext
  readonly request: Request
  /** As the transport handed it on; its token is compared in process and never recorded. */
  readonly extra: MessageExtra | undefined
}

const storage = new AsyncLocalStorage<CallInFlight>()
let wanted = false

/** To be said before servers connect: by the entry that needs it, when it is loaded, or by an option. */
export function followCalls(): void {
  wanted = true
}
export const followsCalls = (): boolean => wanted

export const callInFlight = (): CallInFlight | undefined => (wanted ? storage.getStore() : undefined)
export const withinCall = <T>(call: CallInFlight, run: () => T): T => storage.run(call, run)
/** For work of our own, such as sending events: it belongs to no call, although a call set it off. */
export const outsideCalls = <T>(run: () => T): T => (wanted ? storage.exit(run) : run())
