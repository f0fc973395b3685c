/** A tool of a demo server as data, the same for both SDKs, so that a scenario can change what a server offers. */
import { randomBytes } from 'node:crypto'
import { z } from 'zod'

export interface DemoTool {
  readonly name: string
  readonly title: string
  readonly description: string
  /** Scope a call needs; a caller without it is challenged. */
  readonly scope: string
  /** Offered only to callers who have `scope`: the list then depends on the token. */
  readonly listedByScope?: boolean
  readonly annotations: { readonly readOnlyHint: boolean; readonly destructiveHint: boolean }
  readonly input: z.ZodObject
  readonly run: (args: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>
}

/** What a tool says: structured, and the same as text for older clients. */
export const reply = (facts: Readonly<Record<string, unknown>>) => ({
  content: [{ type: 'text' as const, text: JSON.stringify(facts) }],
  structuredContent: { ...facts },
})

/** A bearer handle: whoever presents it gets what is behind it. 128 bits. */
export const mintHandle = (prefix: string): string => `${prefix}_${randomBytes(16).toString('base64url')}`

const reads = { readOnlyHint: true, destructiveHint: false }
const writes = { readOnlyHint: false, destructiveHint: false }
const destroys = { readOnlyHint: false, destructiveHint: true }

/** Files of a small office. Paths and document ids are shared on purpose: many people use them. */
export function fileTools(): DemoTool[] {
  const files = new Map([
    ['/plans/roadmap.md', 'Q1: the audit trail. Q2: the alerts.'],
    ['/plans/offsite.md', 'Bring shoes for walking.'],
    ['/finance/rates.csv', 'role;rate\nengineer;100'],
  ])
  const baskets = new Map<string, string[]>()
  const path = z.string().describe('Absolute path of the file.')
  return [
    {
      name: 'list_files',
      title: 'List files',
      description: 'Lists the files of the office with their document ids.',
      scope: 'files:read',
      annotations: reads,
      input: z.object({}),
      run: () => ({ files: [...files.keys()].map((name) => ({ path: name, document: documentId(name) })) }),
    },
    {
      name: 'read_file',
      title: 'Read a file',
      description: 'Reads one file of the office.',
      scope: 'files:read',
      annotations: reads,
      input: z.object({ path }),
      run: (args) => ({ text: files.get(String(args['path'])) ?? 'no such file' }),
    },
    {
      name: 'write_file',
      title: 'Write a file',
      description: 'Writes one file of the office.',
      scope: 'files:write',
      annotations: writes,
      input: z.object({ path, text: z.string().describe('New content.') }),
      run: (args) => ({ written: files.set(String(args['path']), String(args['text'])).size }),
    },
    {
      name: 'create_basket',
      title: 'Create a basket',
      description: 'Creates a basket for files and answers its handle; who has the handle has the basket.',
      scope: 'files:read',
      annotations: writes,
      input: z.object({}),
      run: () => {
        const basket = mintHandle('bsk')
        baskets.set(basket, [])
        return { basket }
      },
    },
    {
      name: 'add_to_basket',
      title: 'Add to a basket',
      description: 'Puts a file into a basket and answers what is in it.',
      scope: 'files:read',
      annotations: writes,
      input: z.object({ basket: z.string().describe('Handle of the basket.'), path }),
      run: (args) => {
        const paths = baskets.get(String(args['basket']))
        paths?.push(String(args['path']))
        return { paths: paths ?? [] }
      },
    },
    {
      name: 'purge_files',
      title: 'Purge old files',
      description: 'Removes files that nobody opened for a year.',
      scope: 'files:admin',
      listedByScope: true,
      annotations: destroys,
      input: z.object({ before: z.string().describe('Date, YYYY-MM-DD.') }),
      run: () => ({ removed: 0 }),
    },
  ]
}

/** Notes and drafts. A note id is shared by everybody; a draft handle belongs to who started the draft. */
export function noteTools(): DemoTool[] {
  const notes = new Map([
    [documentId('standup'), 'Monday: the demo runs.'],
    [documentId('retro'), 'Keep: small files.'],
  ])
  const drafts = new Map<string, string[]>()
  return [
    {
      name: 'list_notes',
      title: 'List notes',
      description: 'Lists the notes of the team by id.',
      scope: 'notes:read',
      annotations: reads,
      input: z.object({}),
      run: () => ({ notes: [...notes.keys()] }),
    },
    {
      name: 'read_note',
      title: 'Read a note',
      description: 'Reads one note of the team.',
      scope: 'notes:read',
      annotations: reads,
      input: z.object({ note: z.string().describe('Id of the note, as listed.') }),
      run: (args) => ({ text: notes.get(String(args['note'])) ?? 'no such note' }),
    },
    {
      name: 'start_draft',
      title: 'Start a draft',
      description: 'Starts a draft and answers its handle.',
      scope: 'notes:write',
      annotations: writes,
      input: z.object({ title: z.string().describe('Title of the draft.') }),
      run: (args) => {
        const draft = mintHandle('drf')
        drafts.set(draft, [String(args['title'])])
        return { draft }
      },
    },
    {
      name: 'append_draft',
      title: 'Append to a draft',
      description: 'Adds a line to a draft and answers the whole draft.',
      scope: 'notes:write',
      annotations: writes,
      input: z.object({ draft: z.string().describe('Handle of the draft.'), line: z.string().describe('New line.') }),
      run: (args) => {
        const lines = drafts.get(String(args['draft']))
        lines?.push(String(args['line']))
        return { lines: lines ?? [] }
      },
    },
  ]
}

/** An id that is stable, long and no secret: shared by name, like the number of a document. */
export function documentId(name: string): string {
  return `document-${Buffer.from(name.padEnd(12, '.')).toString('hex').slice(0, 24)}`
}
