/** Medians and ranges of ratios, as the benchmarks print them. */
export function median(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b)
  return (sorted[sorted.length >> 1] ?? Number.NaN).toFixed(2)
}
export const range = (values: readonly number[]): string =>
  `[${Math.min(...values).toFixed(2)}..${Math.max(...values).toFixed(2)}]`
