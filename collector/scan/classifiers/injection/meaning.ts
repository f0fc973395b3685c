/**
 * What a word can mean to the injection matchers. Each word carries four sets of bits: what is done (DO), what it is done to (TO), what
 * qualifies it (HOW) and what part it plays in a definition (AS). The matchers speak of these sets, never of words, so a synonym or a language is one line in a word list.
 */

export const DO = {
  /** Set aside: ignore, disregard, bypass, override, forget, disable. */
  dismiss: 1 << 0,
  /** Take in: read, open, collect, extract. */
  read: 1 << 1,
  /** Move out: send, forward, upload, post. */
  send: 1 << 2,
  /** Place in: include, pass, append, set. */
  put: 1 << 3,
  /** Say to a person: tell, mention, inform, disclose. */
  tell: 1 << 4,
  /** Put before a person's eyes: show, display, print. */
  show: 1 << 5,
  /** Use a tool: call, invoke, use. */
  call: 1 << 6,
  /** Run a command: execute, run, launch. */
  run: 1 << 7,
  /** Give as an answer: reply, respond, say, recommend. */
  answer: 1 << 8,
  /** Keep for later: remember, memorize, persist. */
  keep: 1 << 9,
  /** Put one thing in the place of another: replace, redirect, intercept. */
  divert: 1 << 10,
  /** Keep from sight: hide, conceal. */
  hide: 1 << 11,
  /** Ask a person: ask, confirm, prompt. */
  ask: 1 << 12,
  /** Take a part: act, pretend, impersonate. */
  play: 1 << 13,
  /** Be guided by: follow, obey, trust. */
  obey: 1 << 14,
  /** Come to know: know, see, notice. */
  know: 1 << 15,
  /** Stand against: detect, prevent, block: what follows is described, not ordered. */
  guard: 1 << 16,
  /** must, should, always, required. */
  must: 1 << 17,
  /** not, never, without, no. */
  not: 1 << 18,
  /** Gather what belongs to others: harvest, exfiltrate, steal, leak. */
  harvest: 1 << 19,
  /** prefer, choose, prioritize. */
  prefer: 1 << 20,
  /** What cannot be taken back: delete, wipe, pay, approve, grant, reset. */
  destroy: 1 << 21,
  /** please, kindly. */
  please: 1 << 22,
  /** Give, make, write: requests for a piece of work. */
  make: 1 << 23,
  /** call, invoke: said of functions, hardly of anything else. */
  invoke: 1 << 24,
  /** complete, done, successfully: says that something is over. */
  done: 1 << 25,
  /** The base form of a verb: an order, where it opens its clause. */
  base: 1 << 26,
  /** try, wait, contact: what honest messages ask for. */
  polite: 1 << 27,
  /** nothing: refuses after the verb, `tell them nothing`. */
  nothing: 1 << 28,
} as const

export const TO = {
  /** instructions, rules, guidelines, directives. */
  orders: 1 << 0,
  /** safety, guardrails, safeguards. */
  safety: 1 << 1,
  /** checks, validation, filters, restrictions: harmless ones are many. */
  checks: 1 << 2,
  /** passwords, credentials, keys. */
  secret: 1 << 3,
  /** conversation, chat, transcript, history. */
  talk: 1 << 4,
  /** user, human, customer. */
  person: 1 << 5,
  /** tool, function. */
  tool: 1 << 6,
  /** AI, assistant, model, agent. */
  agent: 1 << 7,
  /** file, contents, document. */
  file: 1 << 8,
  /** data, results, information, records. */
  data: 1 << 9,
  /** external, remote, third party. */
  outside: 1 << 10,
  /** server, endpoint, address, webhook. */
  place: 1 << 11,
  /** parameter, argument, field. */
  parameter: 1 << 12,
  /** An identifier that is written like a tool: snake_case, camelCase, name(). */
  identifier: 1 << 13,
  /** An identifier that is another tool of the same server. */
  otherTool: 1 << 14,
  /** The tool's own name. */
  ownTool: 1 << 15,
  /** An e-mail address. */
  mail: 1 << 16,
  /** A URL. */
  url: 1 << 17,
  /** A path or file name that holds credentials, keys or a client's configuration. */
  secretPath: 1 << 18,
  /** Any other path. */
  path: 1 << 19,
  /** confirmation, approval, consent. */
  consent: 1 << 20,
  /** prompt. */
  prompt: 1 << 21,
  /** compliance, audit, verification: the reason that is given. */
  pretext: 1 << 22,
  /** request, query, input, choice. */
  wish: 1 << 23,
  /** system, admin, developer, root. */
  authority: 1 << 24,
  /** mode, override, jailbreak. */
  mode: 1 << 25,
  /** command, shell, script. */
  command: 1 << 26,
  /** attacker, evil: words that no vendor uses of itself. */
  enemy: 1 << 27,
  /** response, answer, reply, output. */
  reply: 1 << 28,
  /** A word in quotes or backticks that stands alone: a name or a value. */
  named: 1 << 29,
  /** message, mail, post. */
  message: 1 << 30,
  /** key, token: a secret only beside a word such as `api` or `private`. */
  keyish: 1 << 31,
} as const

export const HOW = {
  /** previous, prior, above, original. */
  prior: 1 << 0,
  /** all, any, every, everything. */
  all: 1 << 1,
  /** your. */
  your: 1 << 2,
  /** you. */
  you: 1 << 3,
  /** this, that, it, them. */
  this: 1 << 4,
  before: 1 << 5,
  after: 1 << 6,
  /** when, whenever, if, upon. */
  when: 1 << 7,
  first: 1 << 8,
  instead: 1 << 9,
  /** silently, secretly, quietly. */
  silent: 1 << 10,
  /** now, immediately, at once. */
  now: 1 << 11,
  /** future, session, later, subsequent. */
  later: 1 << 12,
  /** only, nothing else, exactly. */
  only: 1 << 13,
  other: 1 << 14,
  /** bcc, cc, copy. */
  copy: 1 << 15,
  /** normal, legitimate, usual. */
  normal: 1 << 16,
  /** new. */
  new: 1 << 17,
  /** hidden, internal, confidential. */
  hidden: 1 << 18,
  /** regardless, irrespective, even. */
  regardless: 1 << 19,
  from: 1 << 20,
  to: 1 << 21,
  /** in, into, as, under. */
  into: 1 << 22,
  /** deprecated, unsafe, broken, outdated. */
  bad: 1 << 23,
  /** best, superior, leading: praise that tells nothing of what is done. */
  good: 1 << 24,
  /** example, e.g., such. */
  example: 1 << 25,
  /** unrestricted, unlimited, unfiltered. */
  unbound: 1 << 26,
  always: 1 << 27,
  /** note, attention, notice: opens a message to somebody. */
  notice: 1 << 28,
  /** automatically. */
  automatic: 1 << 29,
  /** already, pre-approved. */
  already: 1 << 30,
  /** api, private, access: makes a key a secret. */
  keyed: 1 << 31,
} as const

/** Asked for in definitions only: what a tool may want of those who read it. */
export const AS = {
  /** also, additionally, as well: beyond what the tool is for. */
  extra: 1 << 0,
  /** otherwise, rejected, invalid: what is threatened. */
  penalty: 1 << 1,
  /** contents, text, value, dump: of what a file or a variable holds, not its name. */
  content: 1 << 2,
  /** environment, variables, clipboard, browser: what belongs to the machine of the user. */
  machine: 1 << 3,
  /** passport, employer, address: what belongs to a person. */
  personal: 1 << 4,
  /** holds, carries, contains, equals: what a slot is filled with. */
  holds: 1 << 5,
  /** A file that tells agents what to do, or what they may. */
  guide: 1 << 6,
  /** unless, until, except: a condition under which it is allowed. */
  unless: 1 << 7,
  /** rest, competitors, alternatives. */
  rival: 1 << 8,
  /** lifted, suspended, off: no longer in force. */
  lifted: 1 << 9,
  /** persuade, insist, convince. */
  urge: 1 << 11,
  /** context, history: talk only beside a word for talk. */
  vague: 1 << 12,
  /** A variable whose name says that it holds a secret. */
  variable: 1 << 13,
  /** ultimate, premium: praise of what is offered. */
  praise: 1 << 18,
  /** default: a value that is named, not asked for. */
  preset: 1 << 14,
  /** A number of an account, a wallet, a card; a bucket. */
  account: 1 << 15,
  /** reasoning, thoughts. */
  thought: 1 << 16,
  /** nobody, no one. */
  nobody: 1 << 10,
  /** failed, unavailable: what is said to have happened. */
  failed: 1 << 22,
  /** cheapest, safe, lower: what is said of something. */
  verdict: 1 << 19,
  /** archive, trail, traces: what tells afterwards. */
  trace: 1 << 20,
  /** here: the slot that is being described. */
  here: 1 << 21,
  /** said, typed, told, learned, shared. */
  said: 1 << 17,
  /** goes, is subject to, applies: moves without a verb of moving. */
  goes: 1 << 23,
  /** has, need, is: a duty before `to`. */
  duty: 1 << 25,
  /** me: the tool speaks of itself. */
  self: 1 << 26,
  /** our, we: those who made the tool. */
  ours: 1 << 27,
  /** on behalf of, in the stead of. */
  behalf: 1 << 28,
  /** several, multiple. */
  several: 1 << 29,
  /** A setting that lets agents do without asking. */
  license: 1 << 30,
  /** A name that begins with a verb, as those of tools do. */
  toolLike: 1 << 31,
  /** turn, reply, action, step: what is done, of whatever tool. */
  step: 1 << 24,
} as const

/** What is spoken of, asked for in definitions only: whose it is, whom it serves, how it is said. */
export const OF = {
  /** mailbox, contacts, clipboard, cookies, wallet: what belongs to the user and is no business of most tools. */
  belonging: 1 << 0,
  /** results, offers, prices, reviews: what the user is to get as it is. */
  outcome: 1 << 1,
  /** criticism, side effects, warnings, cheaper: what somebody does not want to be told. */
  adverse: 1 << 2,
  /** rank, downplay, leave out, inflate: shows it otherwise than it is. */
  slant: 1 << 3,
  /** top, above, higher. */
  up: 1 << 4,
  /** competitors, rivals, others. */
  rival: 1 << 5,
  /** silently, unnoticed, in the background. */
  covert: 1 << 6,
  /** partner, vendor, developer, third party. */
  party: 1 << 7,
  /** sends, forwards, is logged, goes to: something leaves, whoever does it. */
  leaves: 1 << 8,
  /** official, verified, replacement, precedence. */
  claim: 1 << 9,
  /** impostor, deprecated, unsafe. */
  discredit: 1 << 10,
  /** works like a tool: search, converter, one. */
  peer: 1 << 11,
  /** copy, everything, full, each: all of it. */
  whole: 1 << 12,
  /** sponsored, paying, commission: in whose interest. */
  paid: 1 << 13,
} as const
