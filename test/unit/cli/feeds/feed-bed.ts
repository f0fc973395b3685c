// What the tests of feeds share: a job's context in memory, and a server that answers as it is told.
import type { JobContext } from '../../../../cli/job-schedule.ts'
import { memoryEventBus } from '../../../../connectors/memory/event-bus.ts'
import { memoryEventStore } from '../../../../connectors/memory/event-store.ts'
import { memoryJobState } from '../../../../connectors/memory/job-state.ts'
import { config } from '../../../../schemas/config.ts'
import type { AuditEvent } from '../../../../schemas/event.ts'
import { recordingTelemetry } from '../../../contract/samples.ts'
import { type Listening, listen } from '../../../e2e/proxy-servers.ts'

export function jobContext(): JobContext & {
  readonly published: (AuditEvent & Record<string, unknown>)[]
  nowMs: number
} {
  const published: (AuditEvent & Record<string, unknown>)[] = []
  const context = {
    published,
    nowMs: Date.UTC(2026, 10, 24, 12),
    settings: config.parse({}),
    store: { ...memoryEventStore(), async mergeDay() {} },
    bus: {
      ...memoryEventBus(),
      publish: async (events: readonly AuditEvent[]) => void published.push(...(events as never[])),
    },
    clock: { nowMs: () => context.nowMs },
    telemetry: recordingTelemetry(),
    state: memoryJobState(),
    signal: new AbortController().signal,
  }
  return context
}

export interface Asked {
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}
export const serving = (
  asked: Asked[],
  answer: (asked: Asked) => {
    readonly status?: number
    readonly headers?: Record<string, string>
    readonly body: unknown
  },
): Promise<Listening> =>
  listen((request, response) => {
    const url = new URL(request.url ?? '/', 'http://feed')
    const one = { path: url.pathname, query: url.searchParams, headers: request.headers }
    asked.push(one)
    const { status = 200, headers = {}, body } = answer(one)
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body))
  })
