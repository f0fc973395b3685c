/** What a word can mean beside meaning.ts in what is handed on to a model: results, resources, errors. Carried in the fourth set of bits. */

export const ASK = {
  /** The base form of a verb that counts here only. */
  base: 1 << 0,
  /** Work on words and knowledge: translate, compose, list, explain. */
  work: 1 << 1,
  /** A piece of such work: poem, slogan, sentence, recipe. */
  piece: 1 << 2,
  /** A cipher or a disguise of letters. */
  cipher: 1 << 3,
  /** A language that people speak. */
  tongue: 1 << 4,
  /** Shape an answer: begin, finish, weave, supplement. */
  shape: 1 << 5,
  /** Done for a person, with consequences: transfer, book, unlock, post. */
  deed: 1 << 6,
  /** I, my, me: whoever speaks. */
  self: 1 << 7,
  /** code, snippet, function. */
  code: 1 << 8,
  /** also, next, finally: leads in an order. */
  lead: 1 << 9,
  /** What deeds are done to: account, payment, appointment, door. */
  goods: 1 << 10,
  /** reading, processing, summarises: what whoever is spoken to does with the text. */
  reading: 1 << 11,
  /** must, has to, is to: a duty. */
  duty: 1 << 12,
  /** you, your, and what a model is called. */
  said: 1 << 13,
  /** solution, implementation, program: what code is asked into. */
  solution: 1 << 14,
  /** below, following, subsequent: what comes next. */
  next: 1 << 15,
  /** advert, prize, discount, newsletter. */
  pitch: 1 << 16,
  /** user: whom the model works for. */
  user: 1 << 17,
  /** dollars, euros, bitcoin. */
  money: 1 << 18,
  /** Words of a language model's trade: prompt, tokens, chatbot, LLM. */
  agent: 1 << 19,
  /** Said in manuals, too: run, open, add, use. */
  ado: 1 << 20,
  /** summary, explanation, message: what is written to the user, beside answers. */
  reply: 1 << 21,
  /** can, could, would, before `you`: an order as a question. */
  modal: 1 << 22,
  /** what, how, why, which: opens a question. */
  question: 1 << 23,
} as const
