/** OTLP times, unsigned 64-bit nanoseconds since 1970 in two halves, as RFC 3339 text with nine decimals. */

const SECOND_SLOTS = 64
const cachedSeconds = new Float64Array(SECOND_SLOTS).fill(-1)
const cachedTexts = new Array<string>(SECOND_SLOTS).fill('')

/** '' for 0, which is OTLP's "absent". The largest value is in the year 2554. */
export function instantOf(low: number, high: number): string {
  if (low === 0 && high === 0) return ''
  const lowUnsigned = low >>> 0
  // Long division by 10^9 in base 2^16: every step stays below 2^53.
  const top = Math.floor((high >>> 0) / 1e9)
  const first = ((high >>> 0) % 1e9) * 65_536 + (lowUnsigned >>> 16)
  const middle = Math.floor(first / 1e9)
  const second = (first - middle * 1e9) * 65_536 + (lowUnsigned & 0xffff)
  const bottom = Math.floor(second / 1e9)
  const seconds = (top * 65_536 + middle) * 65_536 + bottom
  return `${secondText(seconds)}.${decimals(second - bottom * 1e9)}Z`
}

/** Milliseconds from one time to a later one, 0 when either is absent or they run backwards. */
export function millisecondsBetween(startLow: number, startHigh: number, endLow: number, endHigh: number): number {
  if ((startLow === 0 && startHigh === 0) || (endLow === 0 && endHigh === 0)) return 0
  const nanoseconds = ((endHigh >>> 0) - (startHigh >>> 0)) * 4_294_967_296 + ((endLow >>> 0) - (startLow >>> 0))
  return nanoseconds > 0 ? nanoseconds / 1e6 : 0
}

/** Records of one request fall into few seconds; a slot per second modulo 64 saves almost every Date. */
function secondText(seconds: number): string {
  const slot = seconds % SECOND_SLOTS
  if (cachedSeconds[slot] !== seconds) {
    cachedSeconds[slot] = seconds
    cachedTexts[slot] = new Date(seconds * 1000).toISOString().slice(0, 19)
  }
  return cachedTexts[slot]!
}

const decimals = (nanoseconds: number): string => String(1e9 + nanoseconds).slice(1)
