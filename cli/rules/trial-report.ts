/** `rules test`: the rules of a folder, held to the contract and to every property that ours are held to. */
import { loadRules, userFiles } from '../../detectors/load.ts'
import { PROPERTIES } from '../../detectors/rule-properties.ts'
import { userFolderAt } from '../user-rules.ts'

export interface Trial {
  readonly rule: string
  /** Property and fault; empty: the rule is sound. */
  readonly faults: readonly string[]
  readonly examples: number
}

/** Throws AuditdError('config_invalid') when a file cannot be loaded: then nothing of the folder would be used. */
export async function tryRules(path: string): Promise<readonly Trial[]> {
  const userFolder = userFolderAt(path)
  const wanted = new Set(userFiles(userFolder.path).map((file) => file.replace(/^.*\/|\.[jt]s$/g, '')))
  const { rules } = await loadRules({ userFolder })
  return rules
    .filter(({ id }) => wanted.has(id))
    .map((rule) => ({
      rule: rule.id,
      examples: rule.examples.match.length + rule.examples.noMatch.length,
      faults: PROPERTIES.flatMap(({ name, faults }) => {
        try {
          return faults(rule).map((fault) => `${name}: ${fault}`)
        } catch (error) {
          return [`${name}: ${(error as Error).message}`]
        }
      }),
    }))
}

export const trialText = ({ rule, faults, examples }: Trial): string =>
  faults.length === 0
    ? `ok      ${rule} (${examples} examples, ${PROPERTIES.length} properties)`
    : [`faulty  ${rule}`, ...faults.map((fault) => `        ${fault}`)].join('\n')
