/** Texts for a person’s screen: names of tools, servers and clients are hostile, so no line holds what a terminal acts on or hides. */
import { visible } from '../connectors/webhook/forms/escape.ts'

export const shown = (text: string): string =>
  text
    .split('\n')
    .map((line) => visible(line, Number.POSITIVE_INFINITY))
    .join('\n')
/** Ends with a line end, also when the text does. */
export const printShown = (text: string): void =>
  void process.stdout.write(`${shown(text.endsWith('\n') ? text.slice(0, -1) : text)}\n`)
