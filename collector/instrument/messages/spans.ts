/** The semconv `mcp.server` span and duration histogram, for people who have a tracer or meter; nothing otherwise. */
import {
  type Attributes,
  type Context,
  context,
  metrics,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'

/** Names of semantic-conventions-genai (Development): they change there, and only here. */
const NAMES = {
  method: 'mcp.method.name',
  protocol: 'mcp.protocol.version',
  session: 'mcp.session.id',
  requestId: 'jsonrpc.request.id',
  tool: 'gen_ai.tool.name',
  operation: 'gen_ai.operation.name',
  error: 'error.type',
  status: 'rpc.response.status_code',
  network: 'network.transport',
} as const
const DURATION = 'mcp.server.operation.duration'
const BOUNDARIES = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300]
const SCOPE_NAME = '@mcp-auditd/instrument'

/** What is asked of a tracer and a meter: the same on both lines of the API. */
export interface TracerLike {
  startSpan(name: string, options?: object, context?: Context): Span
}
export interface MeterLike {
  createHistogram(name: string, options?: object): { record(value: number, attributes?: Attributes): void }
}

export interface SpanSubject {
  readonly method: string
  readonly toolName: string | undefined
  readonly protocolVersion: string | undefined
  readonly isHttp: boolean
  /** Trace context that the client claims in `_meta`: the parent, as semconv asks. */
  readonly parent: { readonly traceId: string; readonly spanId: string } | undefined
}
export interface Operation {
  readonly span: Span | undefined
  readonly subject: SpanSubject
  readonly startedMs: number
}

/** Undefined where nobody listens: then a request costs nothing here. */
export class Spans {
  private readonly tracer: TracerLike | undefined
  private readonly duration: ReturnType<MeterLike['createHistogram']> | undefined

  constructor(tracer: TracerLike | undefined, meter: MeterLike | undefined) {
    this.tracer = tracer
    this.duration = meter?.createHistogram(DURATION, {
      description: 'Duration of an MCP request as seen by the server.',
      unit: 's',
      advice: { explicitBucketBoundaries: BOUNDARIES },
    })
  }

  begin(subject: SpanSubject): Operation {
    const { method, toolName, protocolVersion, isHttp, parent } = subject
    let span: Span | undefined
    if (this.tracer !== undefined) {
      const active = context.active()
      const ambient = trace.getSpanContext(active)
      // The caller's context is the parent and the surrounding HTTP span becomes a link (semconv, context propagation).
      const from =
        parent === undefined ? active : trace.setSpanContext(active, { ...parent, traceFlags: 1, isRemote: true })
      span = this.tracer.startSpan(
        toolName === undefined ? method : `${method} ${toolName}`,
        {
          kind: SpanKind.SERVER,
          links: parent !== undefined && ambient !== undefined ? [{ context: ambient }] : [],
          attributes: {
            [NAMES.method]: method,
            [NAMES.network]: isHttp ? 'tcp' : 'pipe',
            ...(protocolVersion !== undefined && { [NAMES.protocol]: protocolVersion }),
            ...(toolName !== undefined && { [NAMES.tool]: toolName, [NAMES.operation]: 'execute_tool' }),
          },
        },
        from,
      )
    }
    return { span, subject, startedMs: performance.now() }
  }

  /** Runs the server's own handling of the message inside the span. */
  within<T>(operation: Operation, run: () => T): T {
    const { span } = operation
    return span === undefined ? run() : context.with(trace.setSpan(context.active(), span), run)
  }

  end({ span, subject, startedMs }: Operation, errorType: string | undefined, code: string | undefined): void {
    const failed = errorType === undefined ? {} : { [NAMES.error]: errorType }
    const status = code === undefined ? {} : { [NAMES.status]: code }
    span?.setAttributes({ ...failed, ...status })
    if (errorType !== undefined) span?.setStatus({ code: SpanStatusCode.ERROR })
    span?.end()
    this.duration?.record((performance.now() - startedMs) / 1000, {
      [NAMES.method]: subject.method,
      ...(subject.toolName !== undefined && { [NAMES.tool]: subject.toolName }),
      ...(subject.protocolVersion !== undefined && { [NAMES.protocol]: subject.protocolVersion }),
      ...failed,
      ...status,
    })
  }
}

/** The given ones, else the global ones where an SDK is registered; undefined when there is neither tracer nor meter. */
export function spansFor(tracer: TracerLike | undefined, meter: MeterLike | undefined): Spans | undefined {
  const ownTracer = tracer ?? (hasTracerProvider() ? trace.getTracer(SCOPE_NAME) : undefined)
  const ownMeter = meter ?? (hasMeterProvider() ? metrics.getMeter(SCOPE_NAME) : undefined)
  return ownTracer === undefined && ownMeter === undefined ? undefined : new Spans(ownTracer, ownMeter)
}

/** Without an SDK the API hands out a proxy whose delegate is a no-op. */
function hasTracerProvider(): boolean {
  const provider = trace.getTracerProvider() as { getDelegate?: () => object }
  return provider.getDelegate === undefined || !provider.getDelegate().constructor.name.startsWith('Noop')
}
const hasMeterProvider = (): boolean => !metrics.getMeterProvider().constructor.name.startsWith('Noop')
