/** What was told already, bounded: the oldest is forgotten first, and is then told again. */
export class RecentSet {
  private readonly keys = new Set<string>()
  private readonly limit: number

  constructor(limit: number) {
    this.limit = limit
  }

  /** True when it is news. */
  add(key: string): boolean {
    if (this.keys.has(key)) return false
    if (this.keys.size >= this.limit) this.keys.delete(this.keys.keys().next().value!)
    this.keys.add(key)
    return true
  }
}
