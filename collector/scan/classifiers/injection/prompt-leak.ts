/** injection.prompt_leak: the system prompt, or what else the model was told, is to be given away. */
import type { Matcher } from './act.ts'
import { DO, HOW, TO } from './meaning.ts'
import { after, before, find, has, isRefused, near } from './sentence.ts'

export const promptLeak: Matcher = (s, _subject, report) => {
  if ((s.about & (TO.prompt | TO.orders)) === 0 || (s.doing & (DO.show | DO.tell | DO.send | DO.put | DO.answer)) === 0)
    return
  for (
    let prompt = find(s, { about: TO.prompt | TO.orders });
    prompt >= 0;
    prompt = find(s, { about: TO.prompt | TO.orders }, prompt + 1)
  ) {
    const shown = before(s, prompt, 9, { doing: DO.show | DO.tell })
    const verb = shown >= 0 ? shown : before(s, prompt, 6, { doing: DO.send | DO.put })
    if (verb < 0 || isRefused(s, verb)) continue
    const isPrompt = has(s, prompt, { about: TO.prompt })
    const isNear = s.tokens.at[prompt]! - s.tokens.at[verb]! <= 6
    const isSystem = isNear && before(s, prompt, 2, { about: TO.authority }) >= 0
    const theirs = has(s, verb, { doing: DO.send | DO.put })
    const isYours = near(s, prompt, 4, { how: HOW.your }) >= 0
    const isHidden = before(s, prompt, 3, { how: HOW.hidden | HOW.prior }) >= 0
    const gives = has(s, verb, { doing: DO.show | DO.tell })
    if (isPrompt && isSystem && (isYours || (gives && !theirs) || before(s, prompt, 4, { how: HOW.all }) >= 0))
      report('prompt_leak', gives ? 0.8 : 0.65, verb, prompt)
    else if (isYours && gives && (isHidden || (isNear && (isPrompt || (s.how & (HOW.only | HOW.all)) !== 0))))
      report('prompt_leak', 0.65, verb, prompt)
    else if (
      isNear &&
      isPrompt &&
      isHidden &&
      gives &&
      after(s, verb, 4, { how: HOW.your | HOW.this | HOW.all | HOW.hidden }) >= 0
    )
      report('prompt_leak', 0.5, verb, prompt)
  }
}
