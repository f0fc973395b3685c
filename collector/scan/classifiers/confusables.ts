/**
 * Letters of other scripts that look like ASCII letters: a compact selection of UTS #39 confusables.txt (Unicode Technical Standard 39,
 * "MA" rows whose target is one ASCII letter), for the scripts that are used to imitate English words. Fullwidth and mathematical
 * letters need no table: their NFKC form is the letter.
 */

/** Pairs: the look-alike, then the ASCII letter. */
const CYRILLIC = 'аaАAвbВBсcСCԁdеeЕEҽeԍgһhНHіiІIїiјjЈJкkКKӏlӀlмmМMпnоoОOрpРPԛqгrѕsЅSтtТTцuѵvѴVԝwԜWхxХXуyУYүyҮYзz'
const GREEK = 'αaΑAβbΒBϲcϹCεeΕEϜFɡgηnΗHιiΙIϳjͿJκkΚKΜMνvΝNοoΟOρpΡPτtΤTυuχxΧXγyΥYΖZωw'
const ARMENIAN = 'աwցgհhյjոnօoՕOսuՍUզqԼLԶQքpՏSգqրnҺh'
const CHEROKEE = 'ᎪAᏴBᏟCᎠDᎬEᎮGᎻHᎥiᎫJᏦKᏞLᎷMᏢPᎡRᏚSᎢTᏙVᎳWᏃZᏒRᏔWᏎ4'
const LATIN = 'ɑaɡgıiɩiꞁlŀlſfᴄcᴏoᴠvᴡwᴢzʏyɴnʀr'

const table = new Map<string, string>()
for (const pairs of [CYRILLIC, GREEK, ARMENIAN, CHEROKEE, LATIN]) {
  const letters = Array.from(pairs)
  for (let i = 0; i + 1 < letters.length; i += 2) table.set(letters[i]!, letters[i + 1]!)
}

/** The ASCII letter that this letter looks like. */
export const asciiTwin = (letter: string): string | undefined => table.get(letter)

/** A word that mixes look-alikes with ASCII letters, spelled in ASCII; any other word as it is. */
export function foldConfusables(word: string): string {
  if (!/[a-z]/i.test(word)) return word
  let folded = ''
  for (const letter of word) folded += table.get(letter) ?? letter
  return folded
}
