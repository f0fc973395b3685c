/** How a file of routes/ says what it answers: nothing is registered anywhere else, and OpenAPI is made from the same schemas. */
import type { z } from 'zod'
import type { Config } from '../../schemas/config.ts'
import { AuditdError } from '../../schemas/errors.ts'
import type { Clock, EventBus, EventStore, Outbox, StoreUpkeep } from '../../schemas/ports.ts'
import type { Proof } from '../proof/proof.ts'
import type { JobsRole } from '../roles/jobs.ts'
import type { ServiceTelemetry } from '../telemetry.ts'

/** What routes work on: the parts of the running service. */
export interface AdminContext {
  readonly settings: Config
  readonly dataDir: string
  readonly store: EventStore & StoreUpkeep
  readonly bus: EventBus
  readonly outbox: Outbox
  readonly proof?: Proof
  readonly jobs: JobsRole
  readonly clock: Clock
  readonly telemetry: ServiceTelemetry
}
export interface RouteAnswer {
  /** 200 when absent. */
  readonly status?: number
  readonly type?: string
  /** An object is sent as JSON. */
  readonly body: unknown
}
/** One path. What is asked is checked against the schemas before `answer` runs; what it throws becomes the status of its kind. */
export interface Route<Asked extends z.ZodType = z.ZodType> {
  readonly method: 'GET' | 'POST'
  /** `/v1/…`; `:name` is a part of `asked`. */
  readonly path: string
  readonly summary: string
  /** Parameters of the path, of the query (GET) or of the body (POST), together. */
  readonly asked: Asked
  /** What the answer means, for OpenAPI. */
  readonly answers: string
  answer(asked: z.output<Asked>, context: AdminContext): Promise<RouteAnswer>
}
export const route = <Asked extends z.ZodType>(one: Route<Asked>): Route<Asked> => one

/** The status that an error is answered with; its message names component and field. */
export function statusOf(error: unknown): number {
  if (!(error instanceof AuditdError)) return 500
  if (error.code === 'not_found') return 404
  return { input: 400, usage: 422, config: 409, transient: 503, rule: 500, invariant: 500 }[error.kind]
}
