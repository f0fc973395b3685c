/** Runs a stdio server as it is, between its client and itself, and tells what passes. */
import type { Readable, Writable } from 'node:stream'
import type { AuditSink } from '../instrument/delivery/audit-sink.ts'
import { type Gateway, openGateway } from '../observe/gateway-context.ts'
import type { Ending, WrappedChild } from './child.ts'
import { commandFactsOf } from './command-line.ts'
import { relay } from './relay.ts'
import { StdioObserver } from './stdio-observer.ts'

export interface WrapOptions {
  /** Program and arguments. */
  readonly argv: readonly string[]
  /** What runs. */
  readonly child: WrappedChild
  readonly sink: AuditSink
  /** Default: MCP_AUDIT_SERVER_ID, else the package or program. */
  readonly serverId?: string | undefined
  readonly capture?: 'shape' | 'minimal' | undefined
  readonly input: Readable
  readonly output: Writable
}
export interface Wrapped {
  readonly ending: Ending
  readonly unreadMessages: number
}

/** Resolves when the server has ended and its output has been handed on; events are then emitted, not yet delivered. Never rejects. */
export async function wrap({ argv, child, sink, serverId, capture, input, output }: WrapOptions): Promise<Wrapped> {
  const facts = commandFactsOf(argv)
  const gateway = openGateway(sink, { serverId, capture }, facts.serverId)
  const observer = new StdioObserver(gateway)
  gateway.context.guard(() => tellSpawned(gateway, facts))
  void relay(input, child.stdin, (chunk) => observer.fromClient(chunk))
  const handedOn = relay(child.stdout, output, (chunk) => observer.fromServer(chunk))
  const ending = await child.ended
  // Nobody reads the client's further words.
  input.destroy()
  if (child.stdout.readableEnded) await handedOn
  observer.ended()
  const reason = ending.signal ?? (ending.fault === undefined ? `exit ${ending.code}` : 'not started')
  gateway.context.guard(() => gateway.context.stop(reason))
  gateway.context.guard(() => gateway.held.release())
  return { ending, unreadMessages: observer.unreadMessages }
}

function tellSpawned({ context }: Gateway, facts: ReturnType<typeof commandFactsOf>): void {
  const { commandHash, commandName, argumentClasses, pinned } = facts
  context.emit({
    eventType: 'server.spawned',
    transport: 'stdio',
    commandHash,
    commandName,
    argumentClasses,
    pinned,
    launcher: 'wrap',
  })
  context.start({})
}
