/** What a server offers: its tools, and beside them its prompts and resources. Told at the start, when it changes, and when clients are shown otherwise. */
import type { AuditContext } from '../audit-context.ts'
import type { ServerLike } from '../server-shape.ts'
import { type Caller, DefinitionRegistry } from './definition-registry.ts'
import { PROMPTS, RESOURCES, type RegistryKind, TOOLS } from './registry-kinds.ts'

/** The registry of one server object. It is itself the one of its tools, which every call asks; the others are made when there is need. */
export class ServerRegistry extends DefinitionRegistry {
  private promptRegistry: DefinitionRegistry | undefined
  private resourceRegistry: DefinitionRegistry | undefined

  constructor(context: AuditContext, server: ServerLike, facade: ServerLike | undefined) {
    super(context, server, facade, TOOLS)
  }

  get prompts(): DefinitionRegistry {
    this.promptRegistry ??= new DefinitionRegistry(this.context, this.server, this.facade, PROMPTS)
    return this.promptRegistry
  }

  get resources(): DefinitionRegistry {
    this.resourceRegistry ??= new DefinitionRegistry(this.context, this.server, this.facade, RESOURCES)
    return this.resourceRegistry
  }

  /**
   * `isCall`: a tool is called. Where a server is built per request it then looks at its prompts and resources only if nobody of its
   * id has: their changes are seen by the requests that concern them.
   */
  override begin(scopeSetHash: string, era: string, isCall = false): void {
    super.begin(scopeSetHash, era)
    if (this.lists(PROMPTS)) this.beginOther(this.prompts, scopeSetHash, era, isCall)
    if (this.lists(RESOURCES)) this.beginOther(this.resources, scopeSetHash, era, isCall)
  }

  private beginOther(other: DefinitionRegistry, scopeSetHash: string, era: string, isCall: boolean): void {
    if (!isCall || (!other.begun && !other.isTold(scopeSetHash, era))) other.begin(scopeSetHash, era)
  }

  /** Whether it has, or may have, lists of this kind; of a server that is seen on the wire nothing is known. */
  private lists(kind: RegistryKind): boolean {
    const { _requestHandlers: handlers } = this.server
    return handlers === undefined || kind.lists.some(({ method }) => handlers.has(method))
  }

  /** Whether the server is an McpServer that checks the results of this tool itself. */
  validates(tool: string): boolean {
    return this.facade?._registeredTools?.[tool]?.outputSchema !== undefined
  }

  override beginAfterSetup(scopeSetHash: string, era: string): void {
    super.beginAfterSetup(scopeSetHash, era)
    this.prompts.beginAfterSetup(scopeSetHash, era)
    this.resources.beginAfterSetup(scopeSetHash, era)
  }

  /** An answer on its way to a client, of whatever method. */
  override shown(method: string, result: Readonly<Record<string, unknown>>, cursor: unknown, caller: Caller): void {
    if (method.startsWith('prompts/')) this.prompts.shown(method, result, cursor, caller)
    else if (method.startsWith('resources/')) this.resources.shown(method, result, cursor, caller)
    else super.shown(method, result, cursor, caller)
  }
}
