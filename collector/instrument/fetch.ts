/** `@mcp-auditd/instrument/fetch`: the edge around a web-standard handler, `(request) => Response`. */
import {
  answerBegins,
  beside,
  exchangeEnds,
  isReadAnswer,
  isStream,
  MAX_ANSWER_CHARACTERS,
} from './edge/edge-events.ts'
import type { EdgeOptions } from './edge/edge-options.ts'
import { Exchange, exchangeInFlight, withinExchange } from './edge/exchange.ts'
import { fetchHead, type HttpHead, pathOf } from './edge/http-head.ts'
import { tellDeclaredMetadata } from './edge/metadata.ts'
import { messagesIn } from './edge/node-exchange.ts'

export type { DeclaredMetadata, EdgeOptions } from './edge/edge-options.ts'

type Handler = (request: Request, ...rest: never[]) => Response | Promise<Response>

/**
 * A handler of the same type around the given one. The body of a request is never touched; an answer passes as it is, except a GET
 * stream, which passes chunk by chunk. What the handler throws passes through.
 */
export function auditFetch<H extends Handler>(handler: H, options: EdgeOptions = {}): H {
  return new Proxy(handler, {
    apply(target, self, args: [Request, ...never[]]) {
      const run = (): Answer => Reflect.apply(target, self, args)
      const exchange = openFetch(args[0], options)
      return exchange === undefined ? run() : withinExchange(exchange, () => watchFetch(exchange, run))
    },
  })
}

/** Undefined when an outer edge has it already, or when it cannot be watched. */
export function openFetch(request: Request, options: EdgeOptions): Exchange | undefined {
  try {
    const head = fetchHead(request, addressFrom(options, request))
    if (isOf(exchangeInFlight()?.head, head)) return undefined
    const exchange = new Exchange(head, options)
    const { metadata } = options
    if (metadata !== undefined) beside(exchange, (context) => tellDeclaredMetadata(context, metadata))
    return exchange
  } catch {
    return undefined
  }
}

/** The same request further in, where routers may have cut its path; a request to another handler in its course is one of its own. */
const isOf = (outer: HttpHead | undefined, inner: HttpHead): boolean =>
  outer !== undefined && outer.verb === inner.verb && pathOf(outer).endsWith(pathOf(inner))

function addressFrom({ sourceAddress }: EdgeOptions, request: Request): string | undefined {
  try {
    return sourceAddress?.(request)
  } catch {
    return undefined
  }
}

type Answer = Response | Promise<Response>
function watchFetch(exchange: Exchange, run: () => Answer): Answer {
  const failed = (error: unknown): never => {
    // The platform answers it, as every platform does, with 500.
    answerBegins(exchange, 500, () => undefined)
    exchangeEnds(exchange, false)
    throw error
  }
  let answer: Answer
  try {
    answer = run()
  } catch (error) {
    return failed(error)
  }
  if (!(answer instanceof Promise)) return answeredFetch(exchange, answer)
  return answer.then((response) => answeredFetch(exchange, response), failed)
}

/** The answer to hand on: the given one, or for a GET stream one that is watched until its end. */
export function answeredFetch(exchange: Exchange, response: Response): Response {
  try {
    answerBegins(exchange, response.status, (name) => response.headers.get(name) ?? undefined)
    if (isStream(exchange) && response.body !== null) return watchedStream(exchange, response, response.body)
    if (isReadAnswer(exchange, response.status) && response.body !== null) {
      const copy = response.clone()
      void beginningOf(copy).then((text) => {
        exchange.answerText = text
        exchangeEnds(exchange, false)
      })
    } else exchangeEnds(exchange, false)
  } catch {
    // An answer that cannot be read is handed on all the same.
  }
  return response
}

/** Reads a copy of a short answer, as far as it says why it refuses. */
async function beginningOf(copy: Response): Promise<string> {
  let text = ''
  try {
    const reader = (copy.body as ReadableStream<Uint8Array>).getReader()
    const decoder = new TextDecoder()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return text
      text += decoder.decode(value, { stream: true })
      if (text.length < MAX_ANSWER_CHARACTERS) continue
      void reader.cancel().catch(() => undefined)
      return text.slice(0, MAX_ANSWER_CHARACTERS)
    }
  } catch {
    return text
  }
}

function watchedStream(exchange: Exchange, response: Response, body: ReadableStream<Uint8Array>): Response {
  const reader = body.getReader()
  let messages = 0
  let isOver = false
  const over = (isAborted: boolean): void => {
    if (!isOver) exchangeEnds(exchange, isAborted, messages)
    isOver = true
  }
  const passed = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read()
          if (done) {
            over(false)
            controller.close()
          } else {
            messages += messagesIn(value)
            controller.enqueue(value)
          }
        } catch (error) {
          over(false)
          controller.error(error)
        }
      },
      cancel(reason) {
        over(true)
        return reader.cancel(reason)
      },
    },
    // Nothing is read ahead: what the server has not sent is not waited for.
    { highWaterMark: 0 },
  )
  const { status, statusText, headers } = response
  return new Response(passed, { status, statusText, headers })
}
