// One file’s mutants, run in this process: each is loaded in place of the file, and the examples of the rules that use it say whether it lives.
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'
import type { AnyRule } from '../../detectors/loaded-rule.ts'
import { run } from '../../detectors/trial.ts'
import { severityRank } from '../../schemas/finding.ts'
import { mutantsOf } from './mutants.ts'

/** Asked by main: the file, the rules whose examples judge it, and the modules that are loaded anew with it. */
export interface Work {
  readonly file: string
  readonly rules: readonly string[]
  readonly anew: readonly string[]
  readonly from: number
}
export interface Result {
  readonly index: number
  readonly alive: boolean
}

/** By example, whether it still says what it must. */
function isBroken(rule: AnyRule): boolean {
  const fails = (list: readonly AnyRule['examples']['match'][number][], mustMatch: boolean): boolean =>
    list.some((example) => {
      const findings = run(rule, example)
      if (findings.length > 0 !== mustMatch) return true
      if (example.findings !== undefined && example.findings !== findings.length) return true
      if (example.severity === undefined) return false
      return Math.max(...findings.map(({ severity }) => severityRank(severity))) !== severityRank(example.severity)
    })
  return fails(rule.examples.match, true) || fails(rule.examples.noMatch, false)
}

process.on('message', async ({ file, rules, anew, from }: Work) => {
  const text = readFileSync(file, 'utf8')
  const mutants = mutantsOf(file, text)
  const fileUrl = pathToFileURL(file).href
  const anewUrls = new Set(anew.map((path) => pathToFileURL(path).href))
  registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context)
      const mark = /\?m=\d+$/.exec(context.parentURL ?? '')
      return mark !== null && anewUrls.has(resolved.url) ? { ...resolved, url: `${resolved.url}${mark[0]}` } : resolved
    },
    load(url, context, next) {
      const [plain, index] = url.split('?m=')
      if (index === undefined || plain !== fileUrl) return next(url, context)
      const { start, end, text: put } = mutants[Number(index)]!
      const source = `${text.slice(0, start)}${put}${text.slice(end)}`
      return { format: 'module-typescript', source, shortCircuit: true }
    },
  })
  for (let index = from; index < mutants.length; index++) {
    let broken = false
    for (const path of rules) {
      try {
        const { default: rule } = (await import(`${pathToFileURL(path).href}?m=${index}`)) as { default: AnyRule }
        broken = isBroken(rule)
      } catch {
        broken = true
      }
      if (broken) break
    }
    process.send!({ index, alive: !broken } satisfies Result)
  }
  process.disconnect()
})
