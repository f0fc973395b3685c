/** Pages that one person opens and another completes: examples. */
import { example, exampleWith, graded, idOf, sample } from '../../../sample.ts'

type Asked = NonNullable<Parameters<typeof sample<'elicitation.requested'>>[1]>
const asks = (principal: string, more: Asked = {}) =>
  sample('elicitation.requested', { principal, mode: 'url', handleFp: 'e1', urlHost: 'pay.example', ...more })
type Done = NonNullable<Parameters<typeof sample<'elicitation.completed'>>[1]>
const done = (webPrincipalKey: string, more: Done = {}) =>
  sample('elicitation.completed', { webPrincipalKey, stage: 'done', action: 'accept', handleFp: 'e1', ...more })

export const match = [
  graded('critical', example('alice is asked, the browser of bob completes', asks('alice'), done('bob'))),
  graded('medium', example('he only opens it', asks('alice'), done('bob', { stage: 'url_opened' }))),
  graded('medium', example('he is turned away', asks('alice'), done('bob', { decision: 'deny' }))),
  graded('low', example('he declines', asks('alice'), done('bob', { action: 'decline' }))),
  graded('low', example('he cancels', asks('alice', { urlHost: '' }), done('bob', { action: 'cancel' }))),
  example('asked again by bob, it stays hers', asks('alice'), asks('bob'), done('bob')),
]

export const noMatch = [
  example('alice both times', asks('alice'), done('alice', { stage: 'url_opened' }), done('alice')),
  example('nobody is logged in', asks('alice'), done('')),
  example('nobody was asked by name', asks(''), done('bob')),
  example('another page', asks('alice'), done('bob', { handleFp: 'e2' }), asks('bob', { handleFp: 'e2' })),
  example('a form', asks('alice', { mode: 'form' }), done('bob')),
  exampleWith({ aliases: { [idOf('alice2')]: idOf('alice') } }, 'a new subject of hers', asks('alice'), done('alice2')),
]
