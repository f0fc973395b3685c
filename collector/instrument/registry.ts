/** What a server offers: its tools, and beside them its prompts and resources. Told at the start, when it changes, and when clients are shown otherwise. */
import type { AuditContext } from './audit-context.ts'
import { DefinitionRegistry } from './definition-registry.ts'
import { PROMPTS, RESOURCES, TOOLS } from './registry-kinds.ts'
import type { ServerLike } from './server-shape.ts'

/** The registry of one server object. It is itself the one of its tools, which every call asks. */
export class ServerRegistry extends DefinitionRegistry {
  readonly prompts: DefinitionRegistry
  readonly resources: DefinitionRegistry

  constructor(context: AuditContext, server: ServerLike, facade: ServerLike | undefined) {
    super(context, server, facade, TOOLS)
    this.prompts = new DefinitionRegistry(context, server, facade, PROMPTS)
    this.resources = new DefinitionRegistry(context, server, facade, RESOURCES)
  }

  /**
   * `isCall`: a tool is called. Where a server is built per request it then looks at its prompts and resources only if nobody of its
   * id has: their changes are seen by the requests that concern them.
   */
  override begin(scopeSetHash: string, era: string, isCall = false): void {
    super.begin(scopeSetHash, era)
    this.beginOther(this.prompts, scopeSetHash, era, isCall)
    this.beginOther(this.resources, scopeSetHash, era, isCall)
  }

  private beginOther(other: DefinitionRegistry, scopeSetHash: string, era: string, isCall: boolean): void {
    if (!isCall || (!other.begun && !other.isTold(scopeSetHash, era))) other.begin(scopeSetHash, era)
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
  override shown(
    method: string,
    result: Readonly<Record<string, unknown>>,
    cursor: unknown,
    scopeSetHash: string,
  ): void {
    super.shown(method, result, cursor, scopeSetHash)
    this.prompts.shown(method, result, cursor, scopeSetHash)
    this.resources.shown(method, result, cursor, scopeSetHash)
  }
}
