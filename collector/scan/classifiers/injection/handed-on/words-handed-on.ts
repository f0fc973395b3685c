/** The words that mean something in what is handed on to a model only (ask.ts), beside those of words.ts. */
import { ASK } from './ask.ts'

type Line = readonly [as: number, words: string]

/** Base forms; other forms of these give no order. */
export const handedOnVerbs: readonly Line[] = [
  [
    ASK.work,
    'translate compose summarize summarise draft list explain describe write rewrite paraphrase rephrase classify categorize determine compute calculate suggest name recommend invent outline count rate correct detect identify analyze analyse evaluate assess plan brainstorm compare define produce generate imagine solve find tell give provide convert create design predict estimate research discuss illustrate propose craft devise narrate decode decipher transcribe proofread simplify elaborate share analyze figure work interpret gauge judge pick teach show',
  ],
  [
    ASK.shape,
    'begin start end finish close conclude weave sprinkle slip work extend expand enrich supplement augment complement incorporate append add include insert mention integrate embed enhance prefix open accompany garnish decorate interject follow substitute replace swap reverse scramble encode encrypt translate convert transform obfuscate spell render represent express present phrase format write put give shift answer reply respond use state provide output print say switch speak cite reference introduce plug drop throw interleave infuse season pepper attach leave present deliver return make produce mix blend tack interweave precede wrap',
  ],
  [
    ASK.deed,
    'transfer book delete grant send buy unlock cancel post share order forward reply schedule invite publish withdraw approve subscribe unsubscribe sell dispatch wipe pay purchase donate upload email mail text message confirm reserve rent register enroll deposit wire lock revoke reveal leak access tell notify alert dispatch deploy trigger invoke fetch search export save turn',
  ],
  [
    ASK.ado,
    'look set create remove open change download update raise rename move reset disable enable activate deactivate call submit add assign authorize close shut start stop increase lower switch modify rotate merge push install execute run retrieve read list find get report request give provide make check use navigate visit click go print show collect gather extract overwrite replace store remember write query edit append have continue access post',
  ],
]
export const handedOnWords: readonly Line[] = [
  [
    ASK.piece,
    'poem poems haiku limerick sonnet ode verse rhyme story stories tale joke jokes riddle riddles slogan slogans sentence sentences paragraph paragraphs phrase phrases essay essays synonym synonyms antonym antonyms recipe recipes tweet tweets sentiment translation headline headlines lyrics song novel plot movie film films books book review reviews tone grammar comment quote proverb fable dialogue speech letter article blog caption trivia fact facts meaning definition difference differences benefits advantages tips idea ideas steps ways examples word words trip itinerary itineraries plan menu capital population history currency temperature weather price reasons causes strategies strategy trends quiz pun metaphor hashtag hashtags email voice text topic topics',
  ],
  [
    ASK.cipher,
    'base64 base32 base16 base85 rot13 rot-13 morse cipher ciphers caesar hexadecimal hex binary octal emoji emojis backwards backward reversed reverse scrambled anagram anagrams leetspeak leet vowel vowels consonant consonants uppercase lowercase capitals klingon latin pirate emoticons ascii alphabet vigenere atbash haiku limerick rhyme rhymes acrostic braille unicode percent-encoded ciphertext cryptogram encoded encrypted letters letter noun verb',
  ],
  [
    ASK.tongue,
    'french spanish german italian portuguese dutch russian chinese mandarin japanese korean arabic hindi turkish polish swedish norwegian danish finnish greek hebrew swahili welsh esperanto latin klingon elvish yoda pirate shakespearean',
  ],
  [
    ASK.reply,
    'summary explanation message recap overview conclusion answer answers response responses reply replies output elucidation analysis',
  ],
  [ASK.modal, 'can could would will'],
  [ASK.question, 'what how why which who where when is are does do'],
  [ASK.self, 'my me i mine myself'],
  [
    ASK.code,
    'code snippet snippets function lines block blocks module program script excerpt fragment import routine helper logic',
  ],
  [
    ASK.solution,
    'solution implementation program answer response reply code algorithm project script solutions application codebase workflow function',
  ],
  [ASK.next, 'below following subsequent next follows this these'],
  [
    ASK.lead,
    'thus therefore so hence please kindly also next then additionally finally now first just simply afterwards instead continue immediately furthermore lastly hey hi dear',
  ],
  [
    ASK.goods,
    'account accounts payment payments appointment meeting meetings subscription lock door doors alarm thermostat lights transaction transactions bank gift savings wallet balance shares portfolio invoice invoices flight flights hotel ticket tickets reservation contacts calendar inbox mailbox channel timeline profile friend friends medication prescription medical insurance ambulance garage password passwords administrator addresses photos credentials two-factor iban payee followers tweet camera vehicle car pipeline members premium bottles plan press blog payroll drive laptop computer phone messages emails mails workspace users home production',
  ],
  [
    ASK.reading,
    'sum reading read reads processing process processes processed summarizing summarising summarize summarise summarizes summarises parsing parse parses analyzing analyze analyzes interpreting receive receives ingest ingests browsing indexing crawling crawl scan scanning evaluating reviewing review reviews translate translating',
  ],
  [ASK.duty, 'must should shall ought required need needs'],
  [
    ASK.pitch,
    'advert advertisement ad promotion newsletter discount coupon prize casino lottery advertise promote praise endorse sponsor sponsored podcast bestselling brand shop offer deal subscribe superfood',
  ],
  [ASK.user, "user users user's users' human humans reader readers customer customers"],
  [ASK.money, 'dollars dollar usd eur euro euros btc bitcoin eth gbp pounds chf yen rupees'],
  [
    ASK.agent,
    'ai llm llms model models chatbot chatbots gpt gpt-4 chatgpt claude gemini copilot bot bots assistant assistants agent agents ais a.i language-model grader crawler crawlers reviewer reviewers',
  ],
]
