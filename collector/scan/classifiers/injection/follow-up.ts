/** What was read says that the task is over and then sets another: an order that no user gave. Looks at two sentences at a time. */
import type { Subject } from '../../classifier.ts'
import type { Report } from './act.ts'
import { DO, HOW, TO } from './meaning.ts'
import { IS, type Tokens } from './tokens.ts'

export function followUp(tokens: Tokens, subject: Subject, report: Report): void {
  const isRead = subject.surface === 'result' || subject.surface === 'resource' || subject.surface === 'error'
  if (!isRead || (tokens.doingAll & DO.done) === 0) return
  for (let s = 1; s < tokens.sentences; s++) {
    if ((tokens.sentenceDoing[s]! & (DO.please | DO.must)) === 0) continue
    const before = tokens.sentenceDoing[s - 1]! & DO.done
    if (before === 0) continue
    const first = tokens.firsts[s]!
    if ((tokens.is[first]! & IS.clauseStart) === 0 || (tokens.doing[first]! & (DO.please | DO.must)) === 0) continue
    // Courtesies speak of you and yours.
    if ((tokens.sentenceHow[s]! & (HOW.your | HOW.you)) !== 0) continue
    if ((tokens.sentenceDoing[s]! & DO.polite) !== 0) continue
    const last = tokens.firsts[s + 1]! - 1
    const isTaskOver = (tokens.sentenceTo[s - 1]! & (TO.wish | TO.reply)) !== 0
    report('override', isTaskOver ? 0.55 : 0.5, first, last)
    return
  }
}
