/** Options of the HTTP edge: those of instrumentMcpServer, and what only an edge needs to know. */
import type { InstrumentOptions } from '../options.ts'

export type EdgeOptions = InstrumentOptions & {
  /**
   * Path or paths of the MCP endpoint, such as `/mcp`: every request to them is told, and of other paths only the metadata documents.
   * Default: whatever looks like MCP by its headers or its answer; once requests have been served, the paths on which they were.
   */
  readonly endpoint?: string | readonly string[] | undefined
  /**
   * Proxies in front that append to X-Forwarded-For: the source address is then the one the outermost of them saw, and their
   * X-Forwarded-Proto and X-Forwarded-Host count. Default 0: nobody is believed.
   */
  readonly trustProxy?: number | undefined
  /** The source address where there is no socket to ask (fetch-style platforms), such as of a header of the platform. */
  readonly sourceAddress?: ((request: Request) => string | undefined) | undefined
  /** Query parameters that are one-time tickets by design: no credentials, although their name may say so. */
  readonly ticketParameters?: readonly string[] | undefined
  /** Documents that are served from elsewhere than this server: told once, as if they had been seen. */
  readonly metadata?: DeclaredMetadata | undefined
}
export interface DeclaredMetadata {
  /** RFC 9728. */
  readonly protectedResource?: object | undefined
  /** RFC 8414. */
  readonly authorizationServer?: object | undefined
}
