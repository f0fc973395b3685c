/** From measured processes to what is printed: CPU that each variant adds to a call, as paired differences to plain, and the bars. */
import type { Load, Stage } from './stages.ts'
import type { Variant } from './variants.ts'

/** us of CPU per call by round. */
export interface Cell {
  readonly stage: Stage
  readonly load: Load
  readonly variant: Variant
  readonly microsPerCall: readonly number[]
}
export interface Added {
  readonly stage: Stage
  readonly load: Load
  readonly variant: Variant
  readonly median: number
  readonly min: number
  readonly max: number
}
/** DESIGN §12, B8. */
export const TARGET_MICROS = 25

export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? Number.NaN
}

/** What each variant adds to the plain call of the same round. */
export function addedBy(cells: readonly Cell[]): Added[] {
  return cells.flatMap(({ stage, load, variant, microsPerCall }) => {
    const plain = cells.find((one) => one.stage === stage && one.load === load && one.variant === 'plain')
    if (plain === undefined || variant === 'plain') return []
    const differences = microsPerCall.map((micros, round) => micros - plain.microsPerCall[round]!)
    return [
      {
        stage,
        load,
        variant,
        median: medianOf(differences),
        min: Math.min(...differences),
        max: Math.max(...differences),
      },
    ]
  })
}

const NAMES: Record<Stage | Load, string> = {
  v1: 'SDK v1',
  v2: 'SDK v2',
  handler: 'createMcpHandler',
  noop: 'no-op tool',
  content: '1 KB of arguments, 4 KB of result',
}
const range = (low: number, high: number): string => `[${low.toFixed(1)}..${high.toFixed(1)}]`

/** A table per stage and load. */
export function tables(cells: readonly Cell[]): string {
  const added = addedBy(cells)
  const plains = cells.filter(({ variant }) => variant === 'plain')
  return plains
    .map(({ stage, load, microsPerCall }) => {
      const plain = `${medianOf(microsPerCall).toFixed(1)} ${range(Math.min(...microsPerCall), Math.max(...microsPerCall))}`
      const rows = added.filter((one) => one.stage === stage && one.load === load)
      const ours = rows.find(({ variant }) => variant === 'ours')?.median
      const lines = rows.map(({ variant, median, min, max }) => {
        const ratio = ours === undefined ? '' : (median / ours).toFixed(2)
        return `  ${variant.padEnd(32)}${median.toFixed(1).padStart(8)}  ${range(min, max).padEnd(18)}${ratio.padStart(8)}`
      })
      const head = `${NAMES[stage]}, ${NAMES[load]}: a plain call takes ${plain} us of CPU; added:`
      return [
        head,
        `  ${''.padEnd(32)}${'us'.padStart(8)}  ${'[min..max]'.padEnd(18)}${'x ours'.padStart(8)}`,
        ...lines,
      ].join('\n')
    })
    .join('\n\n')
}

/** The bars that these cells can decide, a line each. */
export function bars(cells: readonly Cell[]): string[] {
  const added = addedBy(cells)
  const of = (load: Load, variant: Variant): number | undefined =>
    added.find((one) => one.stage === 'v1' && one.load === load && one.variant === variant)?.median
  const verdict = (isMet: boolean): string => (isMet ? 'met' : 'MISSED')
  const lines: string[] = []
  const noop = of('noop', 'ours')
  const sentry = of('noop', 'sentry 100 % without Context')
  if (noop !== undefined)
    lines.push(`B8(i): ${noop.toFixed(1)} us, target <= ${TARGET_MICROS}: ${verdict(noop <= TARGET_MICROS)}`)
  if (noop !== undefined && sentry !== undefined)
    lines.push(
      `B8(i): ${(noop / sentry).toFixed(2)} of Sentry at 100 % without Context, target < 0.5: ${verdict(noop / sentry < 0.5)}`,
    )
  const content = of('content', 'ours')
  const recording = of('content', 'sentry with inputs and outputs')
  if (content !== undefined && recording !== undefined)
    lines.push(
      `B8(ii): ${content.toFixed(1)} us, ${(content / recording).toFixed(2)} of Sentry with inputs and outputs, target < 1: ${verdict(content < recording)}`,
    )
  return lines
}
