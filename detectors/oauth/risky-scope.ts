/** Scopes of high risk, by their names. */
import { isWildcard } from '../access/broad-scopes.ts'

/** `words`: parts of names, lower case. */
export const isRiskyScope = (scope: string, words: readonly string[]): boolean =>
  isWildcard(scope) || words.some((word) => scope.toLowerCase().includes(word))
