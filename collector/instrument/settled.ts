/** Watching how a method of somebody else ends, without being in its way. */

export type Method = (...args: never[]) => unknown
export interface Outcome {
  readonly value?: unknown
  readonly error?: unknown
}
/** Calls `then` with how a method ended, beside it: neither its answer nor its error is touched, and ours goes nowhere. */
export function settled(method: Method, then: (outcome: Outcome, args: readonly unknown[]) => void): Method {
  const tell = (outcome: Outcome, args: readonly unknown[]): void => {
    try {
      then(outcome, args)
    } catch {
      // Unobserved, never broken.
    }
  }
  return (...args: never[]): unknown => {
    let answer: unknown
    try {
      answer = method(...args)
    } catch (error) {
      tell({ error: error ?? new Error('refused') }, args)
      throw error
    }
    if (!(answer instanceof Promise)) {
      tell({ value: answer }, args)
      return answer
    }
    return answer.then(
      (value: unknown) => {
        tell({ value }, args)
        return value
      },
      (error: unknown) => {
        tell({ error: error ?? new Error('refused') }, args)
        throw error
      },
    )
  }
}
