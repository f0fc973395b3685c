/** injection.answer: what is said to the person is dictated: fixed words, a recommendation, links, nothing of what was asked. */
import type { Matcher } from './act.ts'
import { DO, HOW, TO } from './meaning.ts'
import { after, before, find, has, isOrdered, isRefused, near } from './sentence.ts'

const SAY = { doing: DO.answer }

export const answer: Matcher = (s, subject, report) => {
  const isRead = subject.surface !== 'definition' && subject.surface !== 'instructions' && subject.surface !== 'prompt'
  // reply only with …; respond with exactly …
  if ((s.doing & DO.answer) !== 0)
    for (let say = find(s, SAY); say >= 0; say = find(s, SAY, say + 1)) {
      if (isRefused(s, say) || !isOrdered(s, say)) continue
      const only = near(s, say, 4, { how: HOW.only })
      if (only >= 0 && isRead) {
        report('answer', (s.how & (HOW.when | HOW.all)) !== 0 ? 0.6 : 0.5, say, only)
        break
      }
      const even = find(s, { how: HOW.regardless })
      if (even >= 0 && after(s, even, 5, { about: TO.person | TO.wish }) >= 0) {
        report('answer', 0.55, say, even)
        break
      }
    }
  // include … in your answer to the user
  if ((s.doing & DO.put) !== 0 && (s.about & TO.reply) !== 0)
    for (let put = find(s, { doing: DO.put }); put >= 0; put = find(s, { doing: DO.put }, put + 1)) {
      if (isRefused(s, put) || !isOrdered(s, put)) continue
      const reply = after(s, put, 14, { about: TO.reply })
      if (reply < 0 || before(s, reply, 3, { how: HOW.your | HOW.all }) < 0) continue
      const foreign = find(s, { about: TO.secret | TO.secretPath | TO.url | TO.named, how: HOW.hidden })
      report('answer', foreign >= 0 ? 0.6 : isRead ? 0.5 : 0.35, put, reply)
      break
    }
  // always recommend ours
  if ((s.how & HOW.always) !== 0 && (s.doing & DO.answer) !== 0) {
    const always = find(s, { how: HOW.always })
    const say = after(s, always, 2, SAY)
    if (say >= 0 && !has(s, say, { doing: DO.send | DO.show })) report('answer', isRead ? 0.5 : 0.35, always, say)
  }
}
