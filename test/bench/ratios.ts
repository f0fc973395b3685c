/** Medians and ranges of ratios, as the benchmarks print them. */
export function median(values: readonly number[], decimals = 2): string {
  const sorted = [...values].sort((a, b) => a - b)
  return (sorted[sorted.length >> 1] ?? Number.NaN).toFixed(decimals)
}
export const range = (values: readonly number[], decimals = 2): string =>
  `[${Math.min(...values).toFixed(decimals)}..${Math.max(...values).toFixed(decimals)}]`
