/** The port of clients that speak ClickHouse's own protocol: read-only SQL, answered as bytes. */

/** A question of a client that speaks ClickHouse's own protocol: it chooses more than people do, and none of it may widen a limit. */
export interface ClientQuestion {
  /** Where the statement has no FORMAT clause. */
  readonly format: string
  /** Empty: the database of the tables. */
  readonly database?: string
  /** Settings by name, as texts. Limits are lowered, output settings taken, the rest is refused. */
  readonly settings?: Readonly<Record<string, string>>
  /** Query parameters as the texts of `param_NAME`, escaped as in TabSeparated. */
  readonly parameterTexts?: Readonly<Record<string, string>>
  /** Aborted: the statement is stopped, and its turn given to the next. */
  readonly signal?: AbortSignal
}
export interface ClientAnswer {
  readonly bytes: Uint8Array
  readonly format: string
  readonly readRows: number
  readonly readBytes: number
}
/** The store for those clients: the whole answer as bytes, in any format of the engine. Errors keep the engine's code in their cause. */
export interface ClientStore {
  ask(sql: string, question: ClientQuestion): Promise<ClientAnswer>
}
