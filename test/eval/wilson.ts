/** A share with its interval: what so few rows can say of a rate. */

export interface Share {
  readonly hits: number
  readonly rows: number
  /** Percent; NaN without rows. */
  readonly percent: number
  readonly low: number
  readonly high: number
}

const Z = 1.959964

/** Wilson score interval, 95 %. */
export function shareOf(hits: number, rows: number): Share {
  if (rows === 0) return { hits, rows, percent: Number.NaN, low: 0, high: 100 }
  const p = hits / rows
  const middle = p + Z ** 2 / (2 * rows)
  const spread = Z * Math.sqrt((p * (1 - p)) / rows + Z ** 2 / (4 * rows ** 2))
  const scale = 1 + Z ** 2 / rows
  const bound = (value: number): number => 100 * Math.min(1, Math.max(0, value / scale))
  return { hits, rows, percent: 100 * p, low: bound(middle - spread), high: bound(middle + spread) }
}

export const percentText = (percent: number): string =>
  Number.isNaN(percent) ? '-' : percent > 0 && percent < 10 ? percent.toFixed(2) : percent.toFixed(1)
export const shareText = ({ percent, low, high, rows }: Share): string =>
  rows === 0 ? '-' : `${percentText(percent)} [${low.toFixed(low < 10 ? 1 : 0)}-${high.toFixed(high < 10 ? 1 : 0)}]`
