/** A client that speaks JSON-RPC and nothing else: over pipes, over Streamable HTTP and over the transport of 2024; answers come as they are. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import type { Command } from './catalogue.ts'

export interface Answer {
  readonly result?: unknown
  readonly error?: unknown
  /** Where the answer was no JSON-RPC. */
  readonly status?: number
}
export interface Client {
  ask(method: string, params: object): Promise<Answer>
  tell(method: string): Promise<void>
  close(): Promise<void>
}

const ANSWER_MS = 60_000
const ENDING_MS = 8_000
const LOG_CHARACTERS = 4_000

/** stderr of what was started, for the message when something is wrong. */
export interface Started {
  readonly child: ChildProcess
  log(): string
}
export function startCommand({ argv, env }: Command, more: Readonly<Record<string, string>>): Started {
  const child = spawn(argv[0]!, argv.slice(1), {
    env: { ...clean(), ...env, ...more },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let log = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    log = (log + text).slice(-LOG_CHARACTERS)
  })
  child.stdin!.on('error', () => undefined)
  child.on('error', (error) => {
    log += String(error)
  })
  return { child, log: () => log }
}
/** Settings of whoever runs the matrix are none of the servers'. */
const clean = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(MCP_AUDIT|NODE_OPTIONS|KAFKA|VITEST|OTEL_|PORT$)/.test(name)),
  )

/** As clients end servers: the end of input, then a signal, then force. */
export async function endCommand({ child }: Started): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const closed = once(child, 'close')
  const isOver = (ms: number): Promise<boolean> => Promise.race([closed.then(() => true), wait(ms, false)])
  child.stdin?.end()
  if (await isOver(child.stdin === null ? 0 : ENDING_MS)) return
  child.kill('SIGTERM')
  if (await isOver(ENDING_MS)) return
  child.kill('SIGKILL')
  await closed
}

export function pipeClient(started: Started): Client {
  const { child } = started
  const waiting = new Map<number, (answer: Answer) => void>()
  let next = 0
  createInterface({ input: child.stdout! }).on('line', (line) => {
    const message = parsed(line)
    const { id, method } = message ?? {}
    if (typeof id !== 'number' || method !== undefined) return
    waiting.get(id)?.(answerOf(message!))
    waiting.delete(id)
  })
  const send = (message: object): void => void child.stdin!.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  return {
    ask(method, params) {
      const id = ++next
      const answer = new Promise<Answer>((resolve) => waiting.set(id, resolve))
      send({ id, method, params })
      return inTime(answer, started, method)
    },
    async tell(method) {
      send({ method })
    },
    close: () => endCommand(started),
  }
}

interface Message {
  readonly id?: unknown
  readonly method?: unknown
  readonly result?: unknown
  readonly error?: unknown
}
function parsed(text: string): Message | undefined {
  try {
    return JSON.parse(text) as Message
  } catch {
    return undefined
  }
}
const answerOf = ({ result, error }: Message): Answer => (error === undefined ? { result } : { error })

async function inTime(answer: Promise<Answer>, started: Started, method: string): Promise<Answer> {
  const over = new AbortController()
  const late = wait(ANSWER_MS, undefined, { signal: over.signal }).then(
    () => {
      throw new Error(`${method}: no answer\n${started.log()}`)
    },
    () => new Promise<never>(() => undefined),
  )
  const ended = once(started.child, 'close', { signal: over.signal }).then(
    () => {
      throw new Error(`${method}: the server ended\n${started.log()}`)
    },
    () => new Promise<never>(() => undefined),
  )
  try {
    return await Promise.race([answer, late, ended])
  } finally {
    over.abort()
  }
}

/** Waits until somebody listens. */
export async function listening(port: number, started: Started): Promise<void> {
  const untilMs = Date.now() + ANSWER_MS
  while (Date.now() < untilMs && started.child.exitCode === null) {
    const socket = connect(port, '127.0.0.1')
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (isOpen) return
    await wait(50)
  }
  throw new Error(`nobody listens on ${port}\n${started.log()}`)
}

const MIRRORED_VERSION = 'io.modelcontextprotocol/protocolVersion'
/** `base`: origin. Headers that mirror the body are sent for modern requests. */
export function httpClient(base: string, path: string): Client {
  const url = `${base}${path}`
  let session: string | undefined
  let version: string | undefined
  let next = 0
  const headersFor = (method: string, params: object): Record<string, string> => {
    const { _meta, name } = params as { _meta?: Record<string, string>; name?: string }
    const modern = _meta?.[MIRRORED_VERSION]
    return {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(session !== undefined && { 'mcp-session-id': session }),
      ...(modern === undefined
        ? version !== undefined && { 'mcp-protocol-version': version }
        : { 'mcp-protocol-version': modern, 'mcp-method': method, ...(name !== undefined && { 'mcp-name': name }) }),
    }
  }
  const post = (message: object, method: string, params: object): Promise<Response> =>
    fetch(url, {
      method: 'POST',
      headers: headersFor(method, params),
      body: JSON.stringify({ jsonrpc: '2.0', ...message }),
      signal: AbortSignal.timeout(ANSWER_MS),
    })
  return {
    async ask(method, params) {
      const id = ++next
      const response = await post({ id, method, params }, method, params)
      session ??= response.headers.get('mcp-session-id') ?? undefined
      const text = await response.text()
      const isStream = response.headers.get('content-type')?.startsWith('text/event-stream')
      const messages = isStream ? eventsIn(text).map(({ data }) => parsed(data)) : [parsed(text)]
      const message = messages.find((one) => one?.id === id) ?? (response.ok ? undefined : messages[0])
      const { protocolVersion } = (message?.result ?? {}) as { protocolVersion?: string }
      if (method === 'initialize') version = protocolVersion
      return message === undefined || (message.result === undefined && message.error === undefined)
        ? { status: response.status }
        : answerOf(message)
    },
    async tell(method) {
      await (await post({ method }, method, {})).arrayBuffer()
    },
    async close() {
      if (session === undefined) return
      const headers = { 'mcp-session-id': session, ...(version !== undefined && { 'mcp-protocol-version': version }) }
      await (await fetch(url, { method: 'DELETE', headers })).arrayBuffer()
    },
  }
}

export const eventsIn = (text: string): { readonly event: string; readonly data: string }[] =>
  text
    .split(/\r?\n\r?\n/)
    .map((block) => ({
      event: /^event: ?(.*)$/m.exec(block)?.[1] ?? 'message',
      data: /^data: ?(.*)$/m.exec(block)?.[1] ?? '',
    }))
    .filter(({ data }) => data !== '')

/** The transport of 2024: answers come on the stream of a GET. */
export async function sseClient(base: string, path: string): Promise<Client> {
  const over = new AbortController()
  const stream = await fetch(`${base}${path}`, { headers: { accept: 'text/event-stream' }, signal: over.signal })
  const waiting = new Map<number, (answer: Answer) => void>()
  let address: (url: string) => void = () => undefined
  const posted = new Promise<string>((resolve) => {
    address = resolve
  })
  const read = async (): Promise<void> => {
    let rest = ''
    const decoder = new TextDecoder()
    for await (const chunk of stream.body as unknown as AsyncIterable<Uint8Array>) {
      const blocks = (rest + decoder.decode(chunk, { stream: true })).split(/\r?\n\r?\n/)
      rest = blocks.pop() ?? ''
      for (const { event, data } of eventsIn(blocks.join('\n\n'))) {
        if (event === 'endpoint') address(new URL(data, base).href)
        const message = event === 'message' ? parsed(data) : undefined
        if (typeof message?.id === 'number') waiting.get(message.id)?.(answerOf(message))
      }
    }
  }
  read().catch(() => undefined)
  const url = await posted
  let next = 0
  const post = async (message: object): Promise<void> => {
    const body = JSON.stringify({ jsonrpc: '2.0', ...message })
    await (await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).arrayBuffer()
  }
  return {
    async ask(method, params) {
      const id = ++next
      const answer = new Promise<Answer>((resolve) => waiting.set(id, resolve))
      await post({ id, method, params })
      return Promise.race([answer, wait(ANSWER_MS, { status: 0 })])
    },
    tell: (method) => post({ method }),
    async close() {
      over.abort()
    },
  }
}
