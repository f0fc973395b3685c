/** English words for what a definition speaks of: bits of OF (meaning.ts). */
import { OF } from './meaning.ts'

export const declaredMatters: readonly (readonly [of: number, words: string])[] = [
  [
    OF.belonging,
    'mail mails mailbox inbox emails e-mails contacts clipboard cookies cookie wallet wallets invoice invoices bookmarks photos passwords password credentials logins keychain customers diary salary payslip bank-account browsing tabs profiles documents downloads desktop calendar sms token tokens transcript conversation chat messages address-book hostname username secrets variables keys',
  ],
  [
    OF.outcome,
    'results result offers offer prices price reviews review ratings rating products product hotels hotel places stories brands brand articles listings deals findings issues problems numbers votes candidates candidate effects shares stocks alternatives items vendors vendor sellers seller providers provider firms firm airlines shops restaurants funds competitors packages links figures amounts amount fees totals recommendations warnings news reports report criticism scores score answers answer summary',
  ],
  [
    OF.adverse,
    'criticism criticise criticize criticises criticizes critical negative negatively problems risks risk downsides drawbacks complaints warnings vulnerabilities flaws cheaper poor shortcomings weaknesses concerns effects scandals lawsuits competitors competitor rivals rival bad unfavorable unfavourable issues recalls fees charges',
  ],
  [
    OF.slant,
    'rank place put list recommend promote favour favor prefer praise downplay exaggerate inflate deflate round skip omit leave hide exclude suppress push boost demote discredit disparage emphasise emphasize highlight conclude describe portray present skew bias bury drop shift nudge steer advertise endorse overstate understate play conceal withhold add say claim suggest insert include report filter remove rate mention show order sort treat mark',
  ],
  [
    OF.up,
    'top first higher above ahead prominently favourably favorably best cheapest highest up down buy good preferred lower',
  ],
  [OF.rival, 'competitors competitor rivals rival others competing elsewhere other another'],
  [
    OF.covert,
    'background quietly silently unnoticed covertly discreetly invisibly stealthily surreptitiously secretly unbeknown unbeknownst unaware unseen tacitly unobserved behind',
  ],
  [
    OF.party,
    'partner partners third-party party parties outside external developer developers advertiser advertisers broker brokers publisher vendor mirror archive supplier author authors maker operator our us elsewhere account public analytics headquarters',
  ],
  [
    OF.leaves,
    'sends forwards uploads mirrors logs delivers passes reports posts transmits shares keeps retains leaks diverts exports copies relays submits streams publishes hands diverted retained published mirrored logged delivered passed uploaded forwarded copied sent posted transmitted shared exported streamed relayed submitted routed sold disclosed collected kept goes takes stays recorded leaked harvested records captures captured collects',
  ],
  [
    OF.claim,
    'official officially verified genuine authentic trusted certified authorised authorized authoritative canonical replacement supersedes supersede replaces successor preferred default precedence priority exclusive only recommended mandatory standard selected chosen endorsed approved original real ranked rated accuracy best newest',
  ],
  [
    OF.discredit,
    'impostor imposter fake deprecated unsafe broken obsolete wrong retired insecure disabled compromised inaccurate unreliable outdated malicious bogus counterfeit clone copycat discontinued slower inferior legacy vulnerable unmaintained incomplete unsupported',
  ],
  [
    OF.peer,
    'tool tools server servers one ones version alternative alternatives function functions built-in search rest',
  ],
  [OF.whole, 'copy copies everything full whole entire all each every complete contents duplicate any'],
  [OF.paid, 'pay pays paying paid sponsored sponsor sponsors commission advertising partner partners affiliate'],
]
