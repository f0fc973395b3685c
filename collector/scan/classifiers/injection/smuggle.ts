/** injection.parameter_smuggle: talk, prompts, files or earlier results are to be put into a parameter or into what goes out. */
import type { Matcher, Report } from './act.ts'
import { DO, HOW, TO } from './meaning.ts'
import { after, before, find, has, isOrdered, isRefused, near, type Sentence } from './sentence.ts'

const PLACE = { doing: DO.put | DO.send | DO.keep }
const CARGO = { about: TO.talk | TO.prompt | TO.secretPath | TO.secret }

export const smuggle: Matcher = (s, subject, report) => {
  if ((s.doing & PLACE.doing) === 0) return
  fixedValue(s, report)
  if ((s.about & (CARGO.about | TO.file | TO.data)) === 0) return
  for (let verb = find(s, PLACE); verb >= 0; verb = find(s, PLACE, verb + 1)) {
    if (isRefused(s, verb)) continue
    const slot = after(s, verb, 16, { about: TO.parameter | TO.named })
    if (slot < 0 || before(s, slot, 6, { how: HOW.into | HOW.to }) < 0) continue
    const cargo = after(s, verb, 10, CARGO)
    if (cargo >= 0 && before(s, cargo, 2, { how: HOW.from }) >= 0) continue
    if (cargo >= 0 && !has(s, cargo, { about: TO.secret })) {
      const isWhole = near(s, cargo, 4, { how: HOW.all | HOW.prior | HOW.your, about: TO.authority | TO.person }) >= 0
      report('parameter_smuggle', has(s, cargo, { about: TO.secretPath }) || isWhole ? 0.7 : 0.45, verb, slot)
      return
    }
    if (cargo >= 0) {
      report('parameter_smuggle', near(s, cargo, 4, { how: HOW.all | HOW.hidden }) >= 0 ? 0.6 : 0.35, verb, slot)
      return
    }
    // the content of a file that has nothing to do with it
    const file = after(s, verb, 8, { about: TO.file, how: HOW.this })
    if (
      file >= 0 &&
      has(s, verb, { doing: DO.put }) &&
      isOrdered(s, verb) &&
      find(s, { doing: DO.read }) >= 0 &&
      ((s.how & (HOW.before | HOW.first)) !== 0 || ((s.doing & DO.must) !== 0 && (s.about & TO.keyish) !== 0)) &&
      subject.surface === 'definition'
    ) {
      report('parameter_smuggle', 0.5, verb, slot)
      return
    }
  }
}

/** change the `x` parameter to 'y', whatever the user asked for */
function fixedValue(s: Sentence, report: Report): void {
  for (
    let verb = find(s, { doing: DO.put | DO.divert });
    verb >= 0;
    verb = find(s, { doing: DO.put | DO.divert }, verb + 1)
  ) {
    if (isRefused(s, verb)) continue
    const slot = after(s, verb, 5, { about: TO.parameter | TO.named | TO.wish })
    if (slot < 0) continue
    const to = after(s, slot, 3, { how: HOW.to })
    const value = to >= 0 ? after(s, to, 2, { about: TO.named }) : -1
    const against = find(s, { how: HOW.regardless })
    const forced = before(s, verb, 4, { doing: DO.must, how: HOW.automatic }) >= 0
    if (value >= 0 && forced) report('parameter_smuggle', against >= 0 ? 0.7 : 0.4, verb, value)
    else if (against >= 0 && forced && after(s, against, 5, { about: TO.person }) >= 0)
      report('parameter_smuggle', 0.6, verb, against)
    else continue
    return
  }
}
