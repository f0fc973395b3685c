/** All sources. The first that recognises an OTLP record reads it; what none recognises is read by the conventions. */
import { agentgateway } from './agentgateway.ts'
import { contextforge } from './contextforge.ts'
import { conventions } from './conventions.ts'
import { fastmcp } from './fastmcp.ts'
import { posthog } from './posthog.ts'
import { pythonSdk } from './python-sdk.ts'
import { sentry } from './sentry.ts'
import type { OtlpFacts, TelemetrySource } from './source.ts'
import { toolhive } from './toolhive.ts'
import { traceloop } from './traceloop.ts'

export const SOURCES: readonly TelemetrySource[] = [
  fastmcp,
  pythonSdk,
  sentry,
  traceloop,
  posthog,
  toolhive,
  agentgateway,
  contextforge,
  conventions,
]

const byName = new Map(SOURCES.map((source) => [source.name, source]))
export const sourceNamed = (name: string): TelemetrySource | undefined => byName.get(name)

const recognising = SOURCES.filter(({ recognises }) => recognises !== undefined)
export const sourceOf = (record: OtlpFacts): TelemetrySource =>
  recognising.find((source) => source.recognises!(record)) ?? conventions
