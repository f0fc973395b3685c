/** Fingerprints of values: what the sets of `distinct` and `firstSeen` remember instead of the text. */

/**
 * 52 bits of a text, from two multiplicative 32-bit hashes (the construction of cyrb53). Equality of marks is probable equality of
 * texts: two of a thousand values of one key share a mark with a chance of one in ten thousand million. Where a crafted collision
 * would hide something, a rule keeps the text in a cell instead.
 */
export function fingerprint(value: string): number {
  let a = 0xdeadbeef
  let b = 0x41c6ce57
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i)
    a = Math.imul(a ^ code, 2_654_435_761)
    b = Math.imul(b ^ code, 1_597_334_677)
  }
  a = Math.imul(a ^ (a >>> 16), 2_246_822_507) ^ Math.imul(b ^ (b >>> 13), 3_266_489_909)
  b = Math.imul(b ^ (b >>> 16), 2_246_822_507) ^ Math.imul(a ^ (a >>> 13), 3_266_489_909)
  return 4_294_967_296 * (1_048_575 & b) + (a >>> 0)
}

/** What such a set begins as. */
export const emptyList = (): number[] => []
