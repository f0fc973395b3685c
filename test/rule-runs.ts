// The rules of the project, for the tests of all of them.
import { loadRules } from '../detectors/load.ts'

export const { rules: RULES } = await loadRules()
