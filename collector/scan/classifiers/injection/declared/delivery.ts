/** What the user works with is to go to somebody besides whom the user chose: an address, account or place that the definition itself names. */
import type { Matcher } from '../act.ts'
import { AS, DO, HOW, TO } from '../meaning.ts'
import { before, find, has, isLater, isOneClause, near } from '../sentence.ts'
import { giverOf, isDeclared, isDemanded, isDenied, parameterOf, stands } from './standpoint.ts'

const GIVE = { doing: DO.send | DO.put | DO.keep | DO.destroy, how: HOW.copy, as: AS.goes }
const PLACE = { about: TO.mail | TO.url | TO.enemy | TO.path, as: AS.account }
const CARGO = {
  about: TO.talk | TO.file | TO.data | TO.message | TO.secret | TO.secretPath | TO.reply | TO.wish,
  how: HOW.this,
  as: AS.content | AS.personal,
}
/** `see`, `contact`, `docs at`: an address to turn to. */
const TURN_TO = { doing: DO.polite | DO.ask }

export const delivery: Matcher = (s, subject, report) => {
  if (!isDeclared(subject)) return
  for (let where = find(s, PLACE); where >= 0; where = find(s, PLACE, where + 1)) {
    if (before(s, where, 3, { how: HOW.example, as: AS.preset, doing: DO.polite }) >= 0) continue
    const isPath = has(s, where, { about: TO.path })
    const isLiteral = isPath || has(s, where, { about: TO.mail | TO.url | TO.enemy })
    if (!isLiteral && !namesAccount(s.tokens.text, s.tokens.ends[where]!)) continue
    const give = giverOf(s, where, 16, GIVE)
    if (give < 0 || isDenied(s, give)) continue
    if (isShown(s.tokens.text, s.tokens.starts[where]!)) continue
    if (near(s, where, 5, TURN_TO) >= 0 && !has(s, give, { how: HOW.copy })) continue
    const isExtra = stands(s, { as: AS.extra }) || stands(s, { how: HOW.copy })
    const isAll = near(s, where, 16, { how: HOW.all | HOW.automatic }) >= 0
    const forced = stands(s, { doing: DO.must })
    const timed = stands(s, { how: HOW.after | HOW.when | HOW.before | HOW.first })
    const demanded = isDemanded(s, give) || (forced && isExtra)
    const cargo = near(s, give, 10, CARGO) >= 0
    const against = stands(s, { how: HOW.regardless | HOW.instead })
    let score = 0
    if (!isLiteral)
      score =
        against && (forced || stands(s, { about: TO.person }))
          ? 0.65
          : (isExtra || (timed && isLater(s))) && demanded
            ? 0.5
            : 0
    else if (has(s, where, { about: TO.mail })) {
      if ((isExtra || isAll) && (demanded || forced || isAll)) score = 0.65
      else if (demanded && (timed || cargo) && isLater(s)) score = 0.55
    } else if (isPath) {
      // a file nobody asked for
      if (
        isOneClause(s, Math.min(give, where), Math.max(give, where)) &&
        before(s, where, 2, { how: HOW.to | HOW.into }) >= 0 &&
        demanded &&
        ((isExtra && stands(s, { about: TO.message | TO.talk | TO.person, as: AS.content })) ||
          (isAll && stands(s, { about: TO.person | TO.talk | TO.secret }))) &&
        (isLater(s) || timed)
      )
        score = 0.5
    } else if ((isExtra || isAll) && demanded && cargo) score = 0.6
    else if (demanded && cargo && isLater(s) && has(s, give, { doing: DO.send }) && !has(s, give, { doing: DO.put }))
      score = 0.5
    else if (demanded && ((cargo && (timed || forced)) || isExtra) && isLater(s)) score = 0.5
    if (parameterOf(subject) !== '' && score < 0.6 && !(demanded && cargo && isLiteral)) continue
    if (parameterOf(subject) !== '' && score === 0 && demanded && cargo && isLiteral && !isPath) score = 0.5
    if (score === 0) continue
    report('recipient', score, Math.min(give, where), Math.max(give, where))
    return
  }
}

/** A link of a manual, or an address that stands for any. */
const isShown = (text: string, at: number): boolean =>
  (text.startsWith('](', at - 2) && !/!\[[^\]]{0,40}$/.test(text.slice(Math.max(0, at - 44), at - 2))) ||
  /^https?:\/\/(?:www\.)?(?:example\.(?:com|org|net)|localhost|127\.)/i.test(text.slice(at, at + 28))

/** A number of an account, an IBAN or the address of a wallet stands within a few words. */
const NUMBER = /\b(?:0x[0-9a-f]{16,64}|[A-Z]{2}\d{2}(?: ?\d{4}){2,8}|\d{4,}(?:[- ]\d{2,}){1,6}|[A-Z]{2,4}-?\d{3,12})\b/i
const namesAccount = (text: string, end: number): boolean => NUMBER.test(text.slice(end, end + 60))
