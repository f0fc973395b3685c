/** injection.recipient: what somebody works with is to go to an address or place that the text itself names. */
import type { Matcher } from './act.ts'
import { DO, HOW, TO } from './meaning.ts'
import { isAttribute } from './secret-path.ts'
import {
  after,
  before,
  find,
  has,
  isLater,
  isOneClause,
  isOrdered,
  isRefused,
  near,
  type Sentence,
} from './sentence.ts'

const OUT = { doing: DO.send, how: HOW.copy }
const CARGO = TO.talk | TO.file | TO.data | TO.message | TO.secret | TO.secretPath | TO.reply | TO.wish

export const recipient: Matcher = (s, subject, report) => {
  // you must also access our endpoint at https://…
  if ((s.about & TO.url) !== 0 && (s.doing & DO.must) !== 0 && (s.doing & (DO.read | DO.call)) !== 0) {
    const url = find(s, { about: TO.url })
    const verb = before(s, url, 10, { doing: DO.read | DO.call })
    if (verb >= 0 && !isRefused(s, verb) && before(s, verb, 5, { doing: DO.must, how: HOW.you }) >= 0)
      report('recipient', (s.about & TO.pretext) !== 0 ? 0.6 : 0.35, verb, url)
  }
  if ((s.doing & (DO.send | DO.keep | DO.answer | DO.destroy)) === 0 && (s.how & HOW.copy) === 0) return
  const isRead = subject.surface !== 'definition'
  if ((s.about & (TO.mail | TO.url | TO.enemy)) !== 0)
    for (
      let where = find(s, { about: TO.mail | TO.url | TO.enemy });
      where >= 0;
      where = find(s, { about: TO.mail | TO.url | TO.enemy }, where + 1)
    ) {
      const told = before(s, where, 8, { doing: DO.answer | DO.destroy | DO.keep })
      const sent = near(s, where, 16, OUT)
      // `report what you find to …`: with an address almost any verb sends.
      const verb =
        sent < 0 && told >= 0 && before(s, where, 2, { how: HOW.to }) > told && isOrdered(s, told) ? told : sent
      if (verb < 0 || isRefused(s, verb)) continue
      if (before(s, where, 3, { how: HOW.example }) >= 0 || isAssigned(s, where)) continue
      if (isRead && !isOrdered(s, verb)) continue
      const said = near(s, verb, 10, { about: CARGO })
      const cargo = said >= 0 || !isRead ? said : after(s, verb, 2, { how: HOW.this })
      const isTold = verb === told && verb !== sent
      const isEnemy = has(s, where, { about: TO.enemy })
      const isCopy = has(s, verb, { how: HOW.copy })
      const isWhole = near(s, verb, 6, { how: HOW.all | HOW.copy }) >= 0 || (s.doing & DO.must) !== 0
      if (isEnemy) report('recipient', 0.8, verb, where)
      else if (has(s, where, { about: TO.mail }) && isCopy) report('recipient', isWhole ? 0.8 : 0.55, verb, where)
      else if (isTold) report('recipient', isRead ? 0.45 : 0.5, verb, where)
      else if (cargo < 0) continue
      else if (has(s, where, { about: TO.mail })) report('recipient', isWhole ? 0.7 : 0.45, verb, where)
      else if (before(s, where, 3, { how: HOW.to }) >= 0) report('recipient', isWhole ? 0.6 : 0.4, verb, where)
      else continue
      break
    }
  // everything goes to an outside server, third parties, our team
  if ((s.about & TO.outside) !== 0)
    for (
      let outside = find(s, { about: TO.outside });
      outside >= 0;
      outside = find(s, { about: TO.outside }, outside + 1)
    ) {
      const verb = before(s, outside, 12, { doing: DO.send | DO.keep, how: HOW.copy })
      if (verb < 0 || isRefused(s, verb) || before(s, outside, 3, { how: HOW.example }) >= 0) continue
      const cargo = near(s, verb, 8, { about: TO.talk | TO.secret | TO.secretPath | TO.message | TO.file | TO.data })
      const isWhole = near(s, verb, 6, { how: HOW.all | HOW.copy | HOW.silent | HOW.automatic }) >= 0
      if (cargo < 0) continue
      const isIntimate = has(s, cargo, { about: TO.talk | TO.secret | TO.secretPath })
      report('recipient', isIntimate ? (isWhole ? 0.7 : 0.55) : isWhole ? 0.5 : 0.3, verb, outside)
      break
    }
  // kept elsewhere: cached externally, stored on a remote server
  if ((s.doing & DO.keep) !== 0 && (s.about & TO.outside) !== 0) {
    const keep = find(s, { doing: DO.keep })
    const outside = after(s, keep, 4, { about: TO.outside })
    if (outside >= 0 && !isRefused(s, keep) && isOneClause(s, keep, outside))
      report('recipient', isRead || isLater(s) ? 0.5 : 0.35, keep, outside)
  }
  const taken = find(s, { doing: DO.harvest })
  if (taken >= 0 && !isRefused(s, taken)) {
    const cargo = after(s, taken, 6, { about: CARGO, how: HOW.all })
    if (cargo >= 0 && !has(s, cargo, { about: TO.wish }) && !isAttribute(s, taken, cargo))
      report('recipient', 0.5, taken, cargo)
  }
}

/** `bcc="…"`: a line of code that shows how. */
const isAssigned = ({ tokens: { text, starts } }: Sentence, where: number): boolean =>
  text.charCodeAt(starts[where]! - 2) === 61 && /["']/.test(text[starts[where]! - 1]!)
