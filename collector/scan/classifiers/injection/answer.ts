/** injection.answer: what is said to the person is dictated: fixed words, a recommendation, links, nothing of what was asked. */
import type { Matcher } from './act.ts'
import { ANY, openingOrder } from './handed-on/place.ts'
import { DO, HOW, TO } from './meaning.ts'
import { after, before, find, has, isOrdered, isRefused, near } from './sentence.ts'
import { IS, type Tokens } from './tokens.ts'

const SAY = { doing: DO.answer }
const REPLY = { about: TO.reply | TO.message }

export const answer: Matcher = (s, subject, report) => {
  const isRead = subject.surface !== 'definition' && subject.surface !== 'instructions' && subject.surface !== 'prompt'
  // reply only with …; respond with exactly …
  if ((s.doing & DO.answer) !== 0)
    for (let say = find(s, SAY); say >= 0; say = find(s, SAY, say + 1)) {
      if (isRefused(s, say) || !isOrdered(s, say)) continue
      // Programs only return and only report: what is read has to say it to somebody.
      if (isRead && openingOrder(s, ANY) < 0 && (s.how & HOW.you) === 0 && (s.about & TO.agent) === 0) continue
      const only = near(s, say, 4, { how: HOW.only })
      // `just reply to this mail` is said by every newsletter.
      if (only >= 0 && isRead && after(s, say, 4, { about: TO.message }) < 0) {
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
  // leave the scores aside and output: …
  if (isRead && (s.doing & DO.answer) !== 0)
    for (let say = find(s, SAY); say >= 0; say = find(s, SAY, say + 1)) {
      const is = s.tokens.is[say]!
      if ((is & (IS.colon | IS.clauseStart)) !== IS.colon || !isOrdered(s, say) || isRefused(s, say)) continue
      report('answer', 0.5, say, say)
      break
    }
  // encode your response in …, translate your answer
  if (isRead && (s.about & (TO.reply | TO.message)) !== 0 && (s.how & HOW.your) !== 0)
    for (let reply = find(s, REPLY); reply >= 0; reply = find(s, REPLY, reply + 1)) {
      if (before(s, reply, 2, { how: HOW.your }) < 0) continue
      const verb = before(s, reply, 7, {
        doing: DO.make | DO.put | DO.divert | DO.answer | DO.send | DO.show | DO.must,
      })
      if (verb >= 0 && !isRefused(s, verb) && isOrdered(s, verb)) {
        report('answer', 0.55, verb, reply)
        break
      }
    }
  // display the message '…' to the user
  if ((s.doing & (DO.show | DO.tell | DO.answer)) !== 0)
    for (
      let show = find(s, { doing: DO.show | DO.tell | DO.answer });
      show >= 0;
      show = find(s, { doing: DO.show | DO.tell | DO.answer }, show + 1)
    ) {
      if (isRefused(s, show)) continue
      const object = opensSpeech(s.tokens, s.tokens.ends[show]!)
        ? show
        : after(s, show, 4, { about: TO.message | TO.person })
      if (object < 0 || !opensSpeech(s.tokens, s.tokens.ends[object]!)) continue
      const forced = before(s, show, 12, { doing: DO.must | DO.please, how: HOW.after }) >= 0
      const isSpeech = object === show || has(s, object, { about: TO.message })
      report(
        'answer',
        forced ? (isSpeech ? (isRead || has(s, show, { doing: DO.answer }) ? 0.5 : 0.45) : 0.4) : 0.3,
        show,
        object,
      )
      break
    }
  // always recommend ours
  if ((s.how & HOW.always) !== 0 && (s.doing & DO.answer) !== 0) {
    const always = find(s, { how: HOW.always })
    const say = after(s, always, 2, SAY)
    if (say >= 0 && !has(s, say, { doing: DO.send | DO.show })) report('answer', isRead ? 0.5 : 0.35, always, say)
  }
}

/** Characters between the verb and the quotation, `with:` or `the following:` among them; and what makes a quotation a speech. */
const SPEECH_REACH = 18
const SPEECH_CHARACTERS = 24

/** A quotation of some length begins right after: words that are to be said. Only `with` or a colon may stand between. */
function opensSpeech({ text, mayQuote }: Tokens, at: number): boolean {
  if (!mayQuote) return false
  const lead = /^(?:\s{0,2}(?:with|:|the message|back|this)){0,3}\s{0,2}:?\s{0,2}(["'\u201c\u2018])/.exec(
    text.slice(at, at + SPEECH_REACH),
  )
  if (lead === null || lead[0].length < 2) return false
  const from = at + lead[0].length
  const close = lead[1] === '\u201c' ? '\u201d' : lead[1] === '\u2018' ? '\u2019' : lead[1]!
  return !text.slice(from, from + SPEECH_CHARACTERS).includes(close)
}
