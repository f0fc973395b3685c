/** injection.task: what was handed on has something done with consequences: money moved, files deleted, doors opened, tools called. */
import type { Matcher } from '../act.ts'
import { DO, HOW, TO } from '../meaning.ts'
import { after, before, has, type Sentence } from '../sentence.ts'
import { IS } from '../tokens.ts'
import { ASK } from './ask.ts'
import { isPlainAround, openingOrder, placeOf, shareOfOrders } from './place.ts'

const FEW_ORDERS = 0.34
/** Sums and numbers of accounts, telephones and the like. */
const FIGURES =
  /(?:[$\u20ac\u00a3]\s?\d|\b\d{1,3}(?:,\d{3})+\b|\b\d{5,20}\b|\b[A-Z]{2}\d{2}[A-Z0-9]{6,30}\b|\b(?:bc1|0x)[a-z0-9]{16,62}\b|\+\d[\d ]{6,18})/
/** What manuals, changes and code are written with. */
const TECHNICAL = /[`{}<>=]|\w_\w|::|\(\)|\w\/\w+\/|--\w|#\d/

const NAMED = { about: TO.tool | TO.otherTool | TO.identifier }

export const errand: Matcher = (s, _subject, report) => {
  if ((s.as & (ASK.deed | ASK.ado)) === 0) return
  const order = openingOrder(s, ASK.deed | ASK.ado)
  if (order < 0 || (s.tokens.is[order]! & IS.colon) !== 0) return
  // `Wire Payment of …` is a name
  const next = after(s, order, 1, { as: ASK.goods })
  if (next >= 0 && (s.tokens.text.charCodeAt(s.tokens.starts[next]!) & 32) === 0) return
  // `just reply to this mail` is said by every newsletter
  if (has(s, order, { doing: DO.answer }) && (s.about & (TO.file | TO.secretPath | TO.secret)) === 0) return
  if (shareOfOrders(s.tokens) > FEW_ORDERS) return
  const { from, to, strangeness } = placeOf(s)
  if (strangeness >= 0 && strangeness < 0.5) return
  const sentence = s.tokens.text.slice(from, to)
  const weight = weightOf(s, order, sentence)
  const isDeed = (s.tokens.as[order]! & ASK.deed) !== 0
  const isStray = strangeness >= 0.75
  if (weight === 0 || (!isDeed && weight === 1)) return
  if (weight < 4 && after(s, order, 4, NAMED) >= 0 && !isPlainAround(s)) return
  if (TECHNICAL.test(sentence) && (weight < 2 || !isPlainAround(s))) return
  if (weight >= 3) report('task', isStray ? 0.65 : 0.5, order, s.to - 1)
  else if (weight === 2 ? strangeness >= 0.6 : isDeed && isStray)
    report('task', isDeed && isStray ? 0.55 : 0.5, order, s.to - 1)
}

/** How much of what makes an errand is there: the speaker's own things, things of value, a recipient, figures, everything of a kind. */
function weightOf(s: Sentence, order: number, sentence: string): number {
  let weight = 0
  const goods = after(s, order, 12, { as: ASK.goods | ASK.money, about: TO.secret })
  if (goods >= 0) weight++
  if (after(s, order, 14, { as: ASK.self }) >= 0 || (order > s.from && before(s, order, 6, { as: ASK.self }) >= 0))
    weight++
  const where = after(s, order, 24, { about: TO.mail | TO.url | TO.secretPath })
  if (where >= 0 && (has(s, where, { about: TO.secretPath }) || goods >= 0 || has(s, where, { about: TO.mail })))
    weight++
  if (FIGURES.test(sentence)) weight++
  if (goods >= 0 && after(s, order, 4, { how: HOW.all }) >= 0) weight++
  if (has(s, order, { doing: DO.destroy }) && goods >= 0) weight++
  if (after(s, order, 4, NAMED) >= 0) weight += has(s, order, { doing: DO.call | DO.run }) ? 2 : 1
  return weight
}
