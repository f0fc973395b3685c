/**
 * What a content classifier is: one file in classifiers/, text in, hits out. Pure and linear in the length of the text; it keeps no
 * state and does no I/O. Everything it reads is attacker text. It runs inside other people's servers, on every call.
 */

/** Where the content stands; the values of `content.finding.surface`. */
export type Surface =
  | 'definition'
  | 'instructions'
  | 'arguments'
  | 'result'
  | 'resource'
  | 'prompt'
  | 'elicitation'
  | 'sampling'
  | 'error'

/** What a parameter is for, from its name, schema and description (role.ts): the same text is harmless in one and an attack in another. */
export type ParameterRole = 'path' | 'shell' | 'sql' | 'url' | 'code' | 'text' | 'unknown'

/** What is known of a text before it is read. */
export interface Subject {
  readonly surface: Surface
  readonly role: ParameterRole
  /** Where it stands, such as `args.query`, `content[0].text`, `inputSchema.properties.path.description`; array indices are kept. */
  readonly path: string
  /** The tool it belongs to; '' when none. */
  readonly toolName: string
  /** Names of the other tools of the server: a definition that gives orders about one of them is not describing itself. */
  readonly otherTools: ReadonlySet<string>
  /** Names of the tool's own parameters, where its definition is read. */
  readonly parameters?: ReadonlySet<string>
  /** The text is the name of a property, not a value. */
  readonly isKey?: boolean
}

/** A text as one classifier sees it: as it came, or after decodings. */
export interface Reading {
  readonly text: string
  /** Decodings that led here, outermost first: percent, base64, hex, html, unicode_escape, … Empty: as it came. */
  readonly decodings: readonly string[]
  /** What characters it holds (traits.ts), where the scanner has asked already. */
  readonly traits?: number
}

export type Verdict = 'benign' | 'suspicious' | 'malicious'

/** One thing found. `start` and `end` are UTF-16 offsets in the reading's text. */
export interface Hit {
  /** Family and kind: `secret.github_token`, `pii.email`, `injection.conceal`, `unicode.tag`, `attack.path_traversal`. */
  readonly class: string
  /** 0..1: how sure the classifier is that this is what the class says. */
  readonly score: number
  readonly verdict: Verdict
  readonly start: number
  readonly end: number
  /** A checksum or structure proves it. */
  readonly validated?: boolean
  /** Host names inside the span, lower case. */
  readonly domains?: readonly string[]
}

export interface Classifier {
  readonly name: string
  /** Raised with every change of what it finds. */
  readonly version: string
  /** Surfaces it reads. */
  readonly surfaces: ReadonlySet<Surface>
  /** Bits of traits.ts: a reading that has none of them is not shown to it. Absent: it sees every reading. */
  readonly needs?: number
  /** A reading with fewer characters is not shown to it either. */
  readonly least?: number
  check(reading: Reading, subject: Subject): readonly Hit[]
}

/** A hit with where it was found; offsets are those of the text as it came, the span that was decoded where it was. */
export interface LocatedHit extends Hit {
  readonly detector: string
  readonly detectorVersion: string
  readonly path: string
  readonly role: ParameterRole
  readonly decodings: readonly string[]
  /** The text of the span as it came. It never leaves the process: only its keyed hash does. */
  readonly span: string
}

/** What scanning one value gave. */
export interface Scanned {
  readonly hits: readonly LocatedHit[]
  /** UTF-8 bytes that every classifier read, and those that none did because a bound was reached. */
  readonly scannedBytes: number
  readonly unscannedBytes: number
}
