/** A connection that is replaced after a failure while calls already in it come to their own end. */

interface Lease<T> {
  readonly opened: Promise<T>
  users: number
  retired: boolean
}

/** Opens one `T` on first use. A call that rejects retires it: later calls get a new one, the old one closes after its last user. */
export class Replaceable<T> {
  readonly #open: () => Promise<T>
  readonly #close: (of: T) => Promise<void>
  #current: Lease<T> | undefined

  constructor(open: () => Promise<T>, close: (of: T) => Promise<void>) {
    this.#open = open
    this.#close = close
  }

  async use<R>(work: (of: T) => Promise<R>): Promise<R> {
    this.#current ??= { opened: this.#open(), users: 0, retired: false }
    const lease = this.#current
    lease.users++
    try {
      return await work(await lease.opened)
    } catch (error) {
      lease.retired = true
      if (this.#current === lease) this.#current = undefined
      throw error
    } finally {
      lease.users--
      if (lease.retired && lease.users === 0) void this.#end(lease)
    }
  }

  /** Closes the current one, whoever still uses it. */
  async close(): Promise<void> {
    const lease = this.#current
    this.#current = undefined
    if (lease !== undefined) await this.#end(lease)
  }

  /** Closing what is broken may fail, and says nothing new then. */
  async #end(lease: Lease<T>): Promise<void> {
    try {
      await this.#close(await lease.opened)
    } catch {
      // It never opened, or its connection is gone already.
    }
  }
}
