/**
 * What a tool has no business with is to be fetched and handed to it: the user's belongings, what another server's tool gives, what was said
 * before. Neither the tool's name nor the parameter's nor the first sentence has announced it.
 */
import type { Subject } from '../../../classifier.ts'
import type { Matcher } from '../act.ts'
import { AS, DO, OF, TO } from '../meaning.ts'
import { after, find, isLater, type Sentence } from '../sentence.ts'
import { IS } from '../tokens.ts'
import { findOf, isTerse, speaksOf } from './matters.ts'
import { announcedIn, isDeclared, isDemanded, isDenied, isDuty, parameterOf } from './standpoint.ts'

const MOVE = DO.read | DO.put | DO.send | DO.keep | DO.call
const SLOT = { about: TO.parameter | TO.named, as: AS.here }

export const unasked: Matcher = (s, subject, report) => {
  if (!isDeclared(subject) || !isTerse(s)) return
  const parameter = parameterOf(subject)
  if (parameter === '' && !isLater(s)) return
  belongings(s, subject, parameter, report)
  if (parameter === '') errand(s, subject, report)
  else earlier(s, subject, report)
}

/** `look through the user's mails and pass …`: theirs, unannounced, into a slot. */
function belongings(s: Sentence, subject: Subject, parameter: string, report: Parameters<Matcher>[2]): void {
  if ((speaksOf(s) & OF.belonging) === 0) return
  const text = sentenceText(s)
  const isSlot = parameter !== '' || find(s, SLOT) >= 0 || /`\w+`|\b(?:param\w*|argument|field|call|tool)\b/.test(text)
  for (let i = findOf(s, OF.belonging); i >= 0; i = findOf(s, OF.belonging, i + 1)) {
    if ((s.tokens.is[i]! & IS.quoted) !== 0 || isAnnounced(s, i, subject)) continue
    const word = s.tokens.text.slice(s.tokens.starts[i]!, s.tokens.ends[i]!).toLowerCase()
    const lead = s.tokens.text.slice(Math.max(0, s.tokens.starts[i]! - 70), s.tokens.starts[i]!)
    const theirs =
      /\b(?:user['’]s|users['’]|their|customer['’]s|person['’]s|all|saved|every|latest|newest|last|recent|whole|complete|full|open|browser['’]s|entire)\b(?:\s+[\w'’-]+){0,4}\s*$/i.test(
        lead,
      )
    if (!theirs || /\b(?:id|ids|name of|names of|number of|type of|list of)\s*$/i.test(lead)) continue
    if (
      WEAK.test(word) &&
      !/(?:user|customer|person|browser|machine)['’]?s?['’]?\s+(?:[\w'’-]+\s+){0,3}$|their\s+(?:[\w'’-]+\s+){0,2}$/i.test(
        lead,
      )
    )
      continue
    let verb = -1
    for (let k = i; k >= s.from && s.tokens.at[i]! - s.tokens.at[k]! <= 12; k--)
      if ((s.tokens.doing[k]! & MOVE) !== 0 && isDemanded(s, k)) verb = k
    if (verb < 0) {
      const duty = after(s, i, 8, { doing: DO.put | DO.send | DO.keep, as: AS.goes })
      if (
        duty >= 0 &&
        (isDuty(s, duty) || (duty > i && /\b(?:is|are) (?:passed|submitted|handed|put|added|sent)/.test(text)))
      )
        verb = duty
    }
    if (verb >= 0 && isDenied(s, verb)) continue
    if (verb < 0 && parameter === '') continue
    if (!isSlot) continue
    if (verb < 0 && WEAK.test(word)) continue
    report('parameter_smuggle', verb >= 0 ? 0.5 : 0.45, verb < 0 ? i : Math.min(i, verb), Math.max(i, verb))
    return
  }
}

/** Ordinary arguments, unless they are somebody's. */
const WEAK =
  /^(?:tokens?|documents?|downloads|keys?|calendar|messages|tabs|variables|transcript|conversation|chat|customers)$/

/** The word, or its singular, stands in the tool's name, the parameter's or the first sentence. */
function isAnnounced(s: Sentence, i: number, subject: Subject): boolean {
  const { text, starts, ends } = s.tokens
  const stem = text
    .slice(starts[i]!, ends[i]!)
    .toLowerCase()
    .replace(/(?:es|s)$/, '')
    .slice(0, 7)
  const { own, tool } = announcedIn(subject)
  if (((own.of | tool.of) & OF.belonging) !== 0) return true
  const end = text.search(/[.!?:;]\s|\n/)
  const opening = end < 0 || end > starts[i]! ? '' : text.slice(0, Math.min(end, 300)).toLowerCase()
  return opening.includes(stem) || subject.toolName.toLowerCase().includes(stem)
}

/** `first call X and put what it returns into y`, where X is nobody's here and y says nothing of it. */
function errand(s: Sentence, subject: Subject, report: Parameters<Matcher>[2]): void {
  const text = sentenceText(s)
  const named =
    /\b(?:call|invoke|run|running|calling|use|execute|by|export|of|hold the output of|preceded by|output of|result of)\s+`?([a-z]+_[a-z_]+)\b(?!\s*(?:parameter|argument|field|flag))/i.exec(
      text,
    )
  const unnamed = /\b(?:with|use|using|from|by|of) the ([\w-]+ (?:tool|server|helper))\b/i.exec(text)
  const tool = named?.[1] ?? unnamed?.[1]
  if (tool === undefined || subject.otherTools.has(tool) || tool === subject.toolName || subject.parameters?.has(tool))
    return
  const give =
    /\b(?:pass|hand|give|supply|attach|append|add|set|put|pop|provide|include|send|submit|joining|store|give[sn]?|goes|insert|feed|hold)\b/i.exec(
      text.replace(tool, ' '),
    )
  const next = s.tokens.text.slice(s.tokens.ends[s.to - 1]!, s.tokens.ends[s.to - 1]! + 80)
  if (
    /\buse\b/i.test(named?.[0] ?? '') &&
    !/\b(?:outputs?|results?|what (?:it|you|is)|returned?|them|rows|list)\b/i.test(text)
  )
    return
  if (give === null && !/\b(?:call \w+ with (?:them|it)|pass|output goes)\b/.test(next)) return
  const slot = /`([\w]+)`|\b(?:in|into|as|to)\s+([a-z]+_[a-z]+)\b/.exec(text.replace(tool, ' ') + next)
  if (slot === null) return
  const slotName = (slot[1] ?? slot[2] ?? '').toLowerCase()
  if (slotName === subject.toolName.toLowerCase() && unnamed === null) return
  if (sharesWord(tool, `${slotName} ${subject.toolName}`)) return
  // `id`, `key` and the like are what tools hand to one another
  if (
    /\b\w*(?:id|ids|url|uri|path|name|slug|schema|version|code)\b/i.test(slotName) ||
    /\b(?:ids?|identifier|uri|slug|schema)\b/i.test(text)
  )
    return
  const verb = find(s, { doing: DO.call | DO.read | DO.put | DO.run })
  if (verb >= 0 && !isDenied(s, verb)) report('cross_tool', 0.5, verb, s.to - 1)
}

const sharesWord = (a: string, b: string): boolean => {
  const words = b
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word.length >= 4 && !COMMON.test(word))
  return a
    .toLowerCase()
    .split(/[^a-z]+/)
    .some(
      (word) =>
        word.length >= 4 &&
        !COMMON.test(word) &&
        words.some((w) => w.startsWith(word.slice(0, 5)) || word.startsWith(w.slice(0, 5))),
    )
}
const COMMON = /^(?:list|find|read|tool|server|search|create|with|data|context)/

/** A parameter takes what was said, known or returned before, or the whole of something it does not name. */
function earlier(s: Sentence, subject: Subject, report: Parameters<Matcher>[2]): void {
  const { own, tool } = announcedIn(subject)
  if (((own.to | tool.to) & (TO.talk | TO.prompt | TO.message | TO.reply)) !== 0) return
  const text = sentenceText(s)
  const told = EARLIER.exec(text)
  if (told !== null && !/\b(?:not|never|without)\b/i.test(text)) report('parameter_smuggle', 0.5, s.from, s.to - 1)
}
const EARLIER =
  /\b(?:everything (?:the user|you|they)|(?:whole|entire|full|complete) (?:chat|conversation|dialogue)\b(?! id)|(?:last|latest|previous|recent|earlier|other) (?:\w+ )?(?:tool|call)(?:'s)? (?:results?|responses?|outputs?)|result of the last call|(?:of|from|by|to) any other tool|most recent tool|(?:the|your) system (?:prompt|message)|(?:latest|last|recent) (?:\w+ )?(?:mails?|messages|prompts|e-?mails)|passwords? (?:mentioned|the user)|everything (?:said|known))\b/i

const sentenceText = (s: Sentence): string => {
  const { text, starts, ends } = s.tokens
  return text.slice(starts[s.from]!, Math.min(text.length, ends[s.to - 1]! + 24, starts[s.from]! + 400))
}
