/**
 * More English words that are asked for in definitions only: there every sentence speaks to a model, so that rarer ways of saying the same
 * may be listened to. Results and arguments are read with the words of words.ts alone.
 */
import { AS, DO, HOW, TO } from './meaning.ts'
import type { WordLine } from './words.ts'

export const declaredVerbs: readonly WordLine[] = [
  [DO.read, 0, 0, 'pull peek tail parse ingest crawl sift hunt sniff enumerate glean dig traverse snapshot consume'],
  [
    DO.send,
    0,
    0,
    'hand mail email funnel tunnel deposit wire remit route crosspost cross-post echo report disclose surrender convey pipe communicate invite emit expose post relay drop reveal move',
  ],
  [
    DO.put,
    0,
    0,
    'feed enter stuff tuck enclose tack quote concat encode serialize dump carry paste register fold weave bundle smuggle wrap assign accompany echo affix state reflect mention share note declare prefix dump',
  ],
  [DO.tell, 0, 0, 'bother trouble point worry hint signal confess brief bring flag indicate'],
  [DO.know, 0, 0, 'discover wonder observe recognize recognise spot detect hear'],
  [DO.call, 0, 0, 'exec perform issue fire touch employ'],
  [DO.invoke, 0, 0, 'execute trigger run'],
  [DO.run, 0, 0, 'source curl wget pip'],
  [DO.answer, 0, 0, 'present describe pretend insist conclude mark'],
  [DO.keep, 0, 0, 'mirror write note record preserve keep'],
  [
    DO.divert,
    0,
    0,
    'change swap alter modify rewrite tamper adjust switch set multiply double halve round increase decrease reduce raise lower prefix',
  ],
  [DO.ask, 0, 0, 'stop pause wait check'],
  [DO.obey, 0, 0, 'treat regard accept consider'],
  [DO.prefer, 0, 0, 'take rely stick default opt'],
  [DO.destroy, 0, 0, 'rm charge debit withdraw disable'],
]

export const declaredWords: readonly WordLine[] = [
  [
    DO.must,
    0,
    0,
    'ought shall mandated mandates mandate obligatory obliged compulsory stipulates prescribes dictates demands determined undertakes hereby',
  ],
  [DO.put, 0, 0, 'listed prefixed'],
  [DO.destroy, 0, 0, 'dropped dropping stripped'],
  [DO.not, 0, 0, "isn't aren't wasn't ain't needn't hasn't"],
  [
    0,
    TO.person,
    0,
    'team admins staff employees employee personnel members individual sender requester requestor traveller traveler buyer shopper employee colleagues nobody noone no-one him her someone end-users humans caller',
  ],
  [0, TO.secret, 0, 'mnemonics passcode otp cvv ssn keystore keystores keychain passkeys'],
  [
    0,
    0,
    HOW.keyed,
    'authentication authorization personal service license signing master recovery refresh bot deploy oauth access-token',
  ],
  [0, TO.talk, 0, 'discussion discussions exchanged'],
  [0, TO.agent, 0, 'ais assistant-only llm-only'],
  [
    0,
    TO.pretext,
    0,
    'support caching cache correlation tracing debugging debug troubleshooting reproducibility personalization personalisation ranking relevance signature signing schema retention policy legal consistency synchronisation optimisation optimization performance accuracy regulation regulations gdpr hipaa soc2 licence license licensing licensed deduplication calibration reconciliation settlement',
  ],
  [
    0,
    TO.wish,
    0,
    'provides gives gave supplies enters entered named chose chosen picked instructed instructs decides says preferred stated names',
  ],
  [
    0,
    TO.consent,
    0,
    'dialog dialogs sign-off signoff permit permitted authorised consents confirms acknowledgement go-ahead second-guess review',
  ],
  [0, TO.place, 0, 'bucket channel cluster branch remote collector'],
  [0, TO.outside, 0, 'cloud offsite everyone public'],
  [0, TO.reply, 0, 'message'],
  [0, TO.mode, 0, 'privileged privileges unrestricted'],
  [0, TO.orders, 0, 'description'],
  [0, TO.checks, 0, 'refusals refusal restriction safeguards limits rule roles certificate'],
  [0, 0, HOW.before, 'ahead'],
  [0, 0, HOW.when, 'each whenever upon case during'],
  [0, 0, HOW.first, 'step earliest'],
  [0, 0, HOW.regardless, 'matter even irrespectively anyway anyhow still nevertheless nonetheless'],
  [0, 0, HOW.instead, 'place lieu'],
  [0, 0, HOW.prior, 'last latest recent'],
  [0, 0, HOW.silent, 'unnoticed unobtrusively silent quiet'],
  [0, 0, HOW.automatic, 'straight directly'],
  [0, 0, HOW.later, 'rest remainder'],
  [
    0,
    0,
    HOW.bad,
    'harmful dangerous hacked corrupted outdated buggy faulty malicious untrusted infected tampered banned forbidden incorrect infected fake bogus stale garbage useless lagging worse worst poor virus viruses unusable',
  ],
  [0, TO.data, 0, 'contacts photos'],
  [DO.put, 0, 0, 'leave leaves'],
  [0, 0, HOW.already, 'advance beforehand pre-authorised preauthorised blanket'],
  [0, 0, HOW.only, 'sole alone'],
]

/** Parts that words play in a definition: bits of AS. */
export const declaredParts: readonly (readonly [part: number, words: string])[] = [
  [AS.extra, 'also additionally besides too well second secondary extra furthermore mirrored same identical plus both'],
  [
    AS.penalty,
    'otherwise rejected invalid fails fail failing wrong reject incomplete refused blocked malfunction unreliable crash lose suspended penalty corrupt',
  ],
  [
    AS.content,
    'content contents body text value values listing dump output lines bytes full-text plaintext copy base64 data details everything',
  ],
  [
    AS.machine,
    'environment variable variables env hostname username clipboard home machine browser shell disk workspace laptop whoami ifconfig printenv uname netstat processes',
  ],
  [
    AS.personal,
    'passport ssn iban name names phone employer location birthday birth salary medical health identity card age gender religion personal company nationality bank',
  ],
  [
    AS.holds,
    'hold holds carry carries contain contains equals equal contained becomes comprise comprises populated filled supplied given accompanied',
  ],
  [AS.unless, 'unless until except'],
  [
    AS.rival,
    'rest competitors competitor alternatives alternative others rivals competing built-in native default-tools',
  ],
  [
    AS.lifted,
    'void lifted suspended off waived expired longer void overruled superseded inactive deactivated relaxed disabled removed updated obsolete',
  ],
  [
    AS.praise,
    'premium superior ultimate best unmatched unparalleled cutting-edge state-of-the-art professional professionals enterprise-grade award-winning trusted finest leading exclusive proven enhanced elite pinnacle highest sophisticated comprehensive accurate reliable fastest better advanced precision',
  ],
  [AS.urge, 'persuade convince urge insist pressure encourage coax nudge steer'],
  [AS.vague, 'context history'],
  [AS.preset, 'default defaults defaulting'],
  [AS.account, 'iban account wallet beneficiary payee wire'],
  [AS.thought, 'reasoning thoughts thinking chain-of-thought thought scratchpad rationale'],
  [AS.nobody, 'nobody noone no-one ourselves yourself us unnoticed'],
  [
    AS.failed,
    'success successful failed failure unavailable offline unreachable broken error timeout timed archived succeeded',
  ],
  [AS.verdict, 'cheapest safe fine okay normal safest lower higher cheaper clean healthy approved best'],
  [AS.trace, 'traces trail audit history evidence logs log footprints'],
  [AS.here, 'here below'],
  [AS.said, 'said typed told learned learnt wrote written shared mentioned entered opened seen read asked discussed'],
  [
    AS.goes,
    'go goes going subject applies apply mandatory gets get receives receive addressed destined copied mirrored',
  ],
  [AS.duty, 'has have need needs ought got is are be'],
  [AS.guide, 'crontab bashrc autostart'],
  [AS.self, 'me mine'],
  [AS.ours, 'our us we ours developers'],
  [AS.behalf, 'behalf stead'],
  [AS.several, 'several multiple many two'],
  [
    AS.step,
    'turn turns reply replies answer answers action actions step steps operation operations call calls request requests invocation invocations query queries lookup',
  ],
]
