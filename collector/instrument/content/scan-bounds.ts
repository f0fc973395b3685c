/** How much of what passes through a server its classifiers read: they run between two requests of somebody else's program. */
import { BOUNDS, type Bounds } from '../../scan/scan.ts'

/**
 * Of arguments, results, resources, prompts and the like. What lies beyond counts as unscanned on the event; a collector that is given
 * the content reads more of it.
 */
export interface ScanBounds {
  /** UTF-16 units of one text: of a longer one the head and the tail are read. Default 16,384. */
  readonly textCharacters?: number | undefined
  /** Of all texts of one value. Default 65,536. */
  readonly valueCharacters?: number | undefined
  /** Properties and elements that are visited. Default 2,048. */
  readonly nodes?: number | undefined
}

const DEFAULT: Bounds = { ...BOUNDS, textCharacters: 16_384, valueCharacters: 65_536, nodes: 2_048 }

/** Throws a RangeError that names the bound which is no whole number above 0. */
export function boundsOf(asked: ScanBounds = {}): Bounds {
  return {
    textCharacters: bound('textCharacters', asked.textCharacters),
    valueCharacters: bound('valueCharacters', asked.valueCharacters),
    nodes: bound('nodes', asked.nodes),
    depth: DEFAULT.depth,
  }
}

function bound(name: keyof ScanBounds, asked: number | undefined): number {
  if (asked === undefined) return DEFAULT[name]
  if (!Number.isSafeInteger(asked) || asked < 1)
    throw new RangeError(`instrument: scanBounds.${name}: must be a whole number above 0`)
  return asked
}
