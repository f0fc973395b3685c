/** Examples of changes of one definition, each as grave as it is, and the nearest harmless one beside it. */
import type { Example } from '../rule.ts'
import { example, graded } from '../sample.ts'
import { changes, type Words } from '../sample-registry.ts'

const good: Words = {}
const reworded: Words = { description: 'Reads one file.' }
const found = (...verdicts: string[]): Words => ({ ...reworded, verdicts })
const hints = (...all: string[]): Words => ({ hints: all })
/** A property beside the path. */
const takes = (line: string, more: Words = {}): Words => ({ ...more, shape: ['* object', '!path string', line] })
const bounded: Words = {
  shape: ['* object closed', '!path string enum=3', 'at string format', 'id string pattern', 'most integer max=9'],
}

const named = ['a object closed', 'b string enum=3', 'c string pattern', 'd integer max=9', 'e object', 'f number']
const held: Words = { shape: ['* object', ...named] }
const narrower: Words = {
  shape: [
    '* object',
    'a object closed max=9',
    'b string enum=3 max=9',
    'c string pattern max=9',
    'd integer enum=2 max=9',
    'e object max=9',
    'f number max=9',
  ],
}

export const HARMLESS: readonly Example[] = [
  graded(
    'info',
    example('only spacing and case', ...changes({ wording: 'w' }, { description: 'Does  it!', wording: 'w' })),
  ),
  graded('low', example('other words', ...changes(good, reworded))),
  graded('low', example('words that are not told', ...changes({ wording: '' }, { ...reworded, wording: '' }))),
  graded('low', example('only a title', ...changes(good, { title: 'Files' }))),
  graded('low', example('an optional property', ...changes(good, takes('encoding string')))),
  graded('low', example('meta', ...changes(good, { meta: 'x' }))),
  graded('low', example('output', ...changes(good, { output: 'text' }))),
  graded('low', example('a hint for the first time', ...changes(good, hints('readOnlyHint=true')))),
  graded('low', example('a hint that it writes, for the first time', ...changes(good, hints('readOnlyHint=false')))),
  graded(
    'low',
    example('hints that stay', ...changes(hints('readOnlyHint=true'), { ...reworded, ...hints('readOnlyHint=true') })),
  ),
  graded('low', example('a hint that it writes goes', ...changes(hints('readOnlyHint=false'), good))),
  graded(
    'low',
    example(
      'a class that was there',
      ...changes(found('injection.x=suspicious'), { ...found('injection.x=suspicious'), title: 'x' }),
    ),
  ),
  graded(
    'low',
    example(
      'a trace that was there',
      ...changes(found('injection.x=benign'), { ...found('injection.x=benign'), title: 'x' }),
    ),
  ),
  graded('low', example('a trace of something else', ...changes(good, found('unicode.padding=benign')))),
  graded('low', example('personal data', ...changes(good, found('pii.email=malicious')))),
  graded('low', example('bounds that stay', ...changes(bounded, { ...bounded, ...reworded }))),
  graded('low', example('bounds that are added', ...changes(held, narrower))),
  graded('low', example('a text becomes a choice', ...changes(takes('mode string'), takes('mode string enum=3')))),
  graded('low', example('anything becomes a text', ...changes(takes('one any'), takes('one string', reworded)))),
  graded('low', example('no shape was told before', ...changes({ shape: [] }, takes('url string role=url')))),
]
export const GRAVE: readonly Example[] = [
  graded('high', example('a class that was not there', ...changes(good, found('injection.x=suspicious')))),
  graded('high', example('a class of another family', ...changes(good, found('unicode.tag=malicious')))),
  graded('high', example('a class without a verdict', ...changes(good, { ...reworded, findings: ['injection.x'] }))),
  graded(
    'high',
    example(
      'a worse verdict',
      ...changes(found('injection.x=suspicious'), { ...found('injection.x=malicious'), title: 'x' }),
    ),
  ),
  graded('medium', example('a trace of an order', ...changes(good, found('injection.x=benign')))),
  graded('high', example('two traces of one', ...changes(good, found('injection.x=benign', 'injection.y=benign')))),
  graded(
    'medium',
    example('it reads only no longer', ...changes(hints('readOnlyHint=true'), hints('readOnlyHint=false'))),
  ),
  graded('medium', example('it says no longer that it only reads', ...changes(hints('readOnlyHint=true'), good))),
  graded(
    'medium',
    example('it says now that it only reads', ...changes(hints('readOnlyHint=false'), hints('readOnlyHint=true'))),
  ),
  graded(
    'medium',
    example('it says now that it destroys', ...changes(hints('destructiveHint=false'), hints('destructiveHint=true'))),
  ),
  graded(
    'medium',
    example('it reaches further', ...changes(hints('openWorldHint=false'), hints('openWorldHint=true'))),
  ),
  graded('medium', example('a property that takes a URL', ...changes(good, takes('url string role=url')))),
  graded('medium', example('it takes what it does not name', ...changes(bounded, { shape: ['* object'] }))),
  graded('medium', example('a choice becomes free', ...changes(takes('mode string enum=3'), takes('mode string')))),
  graded('medium', example('a pattern goes', ...changes(takes('id string pattern'), takes('id string')))),
  graded('medium', example('a format goes', ...changes(takes('id string format'), takes('id string')))),
  graded('medium', example('a limit goes', ...changes(takes('most integer max=9'), takes('most integer')))),
  graded('medium', example('a number becomes a text', ...changes(takes('one number'), takes('one string')))),
  graded('medium', example('a number becomes an object', ...changes(takes('one number'), takes('one object')))),
  graded('medium', example('a number becomes anything', ...changes(takes('one number'), takes('one any')))),
]
