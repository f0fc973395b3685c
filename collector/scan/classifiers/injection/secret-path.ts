/** injection.secret_path: files and values that hold credentials are to be read, or to be moved out of where they are. */
import type { Matcher } from './act.ts'
import { DO, HOW, TO } from './meaning.ts'
import { after, before, find, has, isOrdered, isRefused, near, type Sentence } from './sentence.ts'

const MOVES = { doing: DO.send | DO.put | DO.harvest }

export const secretPath: Matcher = (s, subject, report) => {
  if ((s.about & TO.secretPath) !== 0) {
    const path = find(s, { about: TO.secretPath })
    const verb = before(s, path, 10, { doing: DO.read | DO.send | DO.put | DO.run | DO.call })
    const later = verb < 0 ? after(s, path, 8, { doing: DO.read | DO.send | DO.put }) : verb
    if (later >= 0 && !isRefused(s, later)) {
      // `writes key.pem to …`, `adds it to mcp.json`: where it goes, not where it comes from.
      const isTarget =
        !has(s, later, { doing: DO.read | DO.run }) &&
        (before(s, path, 2, { how: HOW.to | HOW.into }) >= 0 || s.tokens.at[path]! - s.tokens.at[later]! <= 2) &&
        !has(s, later, { doing: DO.base })
      const isExample = before(s, path, 4, { how: HOW.example }) >= 0
      const moves =
        find(s, MOVES) >= 0 &&
        find(s, { about: TO.parameter | TO.reply | TO.url | TO.mail | TO.outside | TO.named | TO.place }) >= 0
      const timed = (s.how & (HOW.before | HOW.first | HOW.after)) !== 0 || (s.doing & DO.must) !== 0
      const score = isExample || isTarget ? 0.3 : moves || timed ? 0.8 : isOrdered(s, later) ? 0.45 : 0.35
      report('secret_path', subject.surface === 'arguments' ? Math.min(score, 0.6) : score, later, path)
    }
  }
  for (let secret = secretFrom(s, s.from); secret >= 0; secret = secretFrom(s, secret + 1)) {
    const taken = before(s, secret, 8, { doing: DO.harvest })
    if (taken >= 0 && !isRefused(s, taken) && !isAttribute(s, taken, secret)) {
      report('secret_path', 0.7, taken, secret)
      return
    }
    // reveal the key that you were given — in what was read
    const shown = before(s, secret, 4, { doing: DO.show | DO.tell })
    if (
      shown >= 0 &&
      subject.surface !== 'definition' &&
      isOrdered(s, shown) &&
      !isRefused(s, shown) &&
      near(s, secret, 3, { how: HOW.you | HOW.your | HOW.all }) >= 0
    ) {
      report('secret_path', 0.5, shown, secret)
      return
    }
    // all credentials … sent, included, stored elsewhere
    const verb = near(s, secret, 9, { doing: DO.send | DO.put | DO.keep })
    if (verb < 0 || isRefused(s, verb)) continue
    const isAll = before(s, secret, 5, { how: HOW.all }) >= 0
    const out = find(s, { about: TO.outside | TO.mail | TO.enemy | TO.url | TO.reply, how: HOW.silent })
    if (isAll && out >= 0) report('secret_path', 0.75, verb, secret)
    else if (out >= 0 && has(s, out, { about: TO.outside | TO.enemy, how: HOW.silent }))
      report('secret_path', 0.55, verb, secret)
    else if (isAll) report('secret_path', has(s, verb, { doing: DO.keep }) ? 0.25 : 0.4, verb, secret)
    else if (isOrdered(s, verb) && !has(s, verb, { doing: DO.keep })) report('secret_path', 0.3, verb, secret)
    else continue
    return
  }
}

/** The next token that names a secret: a password, an API key, private data. */
export function secretFrom(s: Sentence, start: number): number {
  if ((s.about & (TO.secret | TO.keyish | TO.data)) === 0) return -1
  for (
    let i = find(s, { about: TO.secret | TO.keyish | TO.data }, start);
    i >= 0;
    i = find(s, { about: TO.secret | TO.keyish | TO.data }, i + 1)
  ) {
    if (has(s, i, { about: TO.secret })) return i
    const beside = has(s, i, { about: TO.keyish })
      ? before(s, i, 1, { how: HOW.keyed })
      : before(s, i, 1, { how: HOW.hidden })
    if (beside >= 0) return i
  }
  return -1
}

/** `leaked secrets`: told of them, not ordered. */
export const isAttribute = ({ tokens: { text, ends, at } }: Sentence, verb: number, noun: number): boolean =>
  at[noun]! - at[verb]! === 1 && text.slice(ends[verb]! - 2, ends[verb]!).toLowerCase() === 'ed'
