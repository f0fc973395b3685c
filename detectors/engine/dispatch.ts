/** The table event type -> closures, and the loop that runs them: a rule that throws costs only itself. */
import type { CompiledRule } from './compile.ts'
import type { Evaluate, Run } from './run.ts'
import type { View } from './view.ts'

interface Line {
  readonly evaluations: Evaluate[]
  readonly rules: number[]
  /** Events of this type so far: evaluations are counted for free. */
  events: number
}

export class Dispatch {
  private readonly lines = new Map<string, Line>()
  /** Evaluations of rules that were taken out since. */
  private readonly past: number[]
  private readonly rules: readonly CompiledRule[]

  constructor(rules: readonly CompiledRule[]) {
    this.rules = rules
    this.past = rules.map(() => 0)
    rules.forEach(({ evaluations }, index) => {
      for (const [type, evaluate] of evaluations) {
        const line = this.lines.get(type) ?? { evaluations: [], rules: [], events: 0 }
        this.lines.set(type, line)
        line.evaluations.push(evaluate)
        line.rules.push(index)
      }
    })
  }

  /** Run all rules of the line (see CompiledRule) in the order of their ids. No try per rule: the loop goes on behind the one that threw. */
  dispatch(name: string, view: View, run: Run, failed: (rule: number, error: unknown) => void): void {
    const line = this.lines.get(name)
    if (line === undefined) return
    line.events++
    run.begin(view)
    const { evaluations, rules } = line
    let i = 0
    while (i < evaluations.length) {
      try {
        for (; i < evaluations.length; i++) evaluations[i]!(view, run)
      } catch (error) {
        const rule = rules[i]!
        failed(rule, error)
        // Taking a rule out shortens the line: what was behind it stands at i now.
        if (rules[i] === rule) i++
      }
    }
  }

  remove(rule: number): void {
    this.past[rule] = this.evaluationsOf(rule)
    for (const line of this.lines.values()) {
      const at = line.rules.indexOf(rule)
      if (at < 0) continue
      line.rules.splice(at, 1)
      line.evaluations.splice(at, 1)
    }
  }

  evaluationsOf(rule: number): number {
    let sum = this.past[rule]!
    for (const type of this.rules[rule]!.evaluations.keys()) {
      const line = this.lines.get(type)!
      if (line.rules.includes(rule)) sum += line.events
    }
    return sum
  }
}
