/** The session ids that this process handed out: whether one comes twice, and whether they rise. Only keyed hashes are kept of old ones. */
import { RecentSet } from './recent-set.ts'

const KEPT_IDS = 8_192
/** Ids in a row that rise until it is said: by chance eight do once in 40,320 times. */
const RISING = 8

export class SessionIds {
  private readonly known = new RecentSet(KEPT_IDS)
  private last = ''
  private rising = 1
  private fell = false

  /** Fields of session.created. `idMonotonic` is absent until there is something to compare. */
  seen(id: string, sessionFp: string): { readonly idDuplicate: boolean; readonly idMonotonic: boolean | undefined } {
    const isNew = this.known.add(sessionFp)
    if (isNew) {
      if (this.last !== '') {
        if (isAfter(this.last, id)) this.rising++
        else {
          this.fell = true
          this.rising = 1
        }
      }
      this.last = id
    }
    return { idDuplicate: !isNew, idMonotonic: this.rising >= RISING ? true : this.fell ? false : undefined }
  }
}

/** Numbers at the end are compared as numbers, everything else as text of one length. */
function isAfter(before: string, after: string): boolean {
  const [one, other] = [split(before), split(after)]
  if (one.number !== undefined && other.number !== undefined && one.rest === other.rest)
    return other.number > one.number
  return before.length === after.length && after > before
}
function split(id: string): { readonly rest: string; readonly number: bigint | undefined } {
  const digits = /\d{1,32}$/.exec(id)?.[0]
  return digits === undefined
    ? { rest: id, number: undefined }
    : { rest: id.slice(0, -digits.length), number: BigInt(digits) }
}
