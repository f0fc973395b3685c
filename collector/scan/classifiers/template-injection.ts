/** Expressions that template engines and expression languages would run: arithmetic probes, gadget chains, lookups. */
import { ARGUMENTS, attack } from '../attack.ts'
import type { Classifier, Hit } from '../classifier.ts'
import { TRAIT } from '../traits.ts'

const NOTHING: readonly Hit[] = []

/** `{{7*7}}` in any dialect: nobody multiplies two literals in a template but to see whether it is run. */
const PROBE =
  /(?:\{\{[-~{=]?|\$\{\{?|#\{|\*\{|@\{|%\{|~\{|<%=?|@\(|\{%-?|\[\[?\$?\{|\[=|#set\(\$\w{1,16}\s{0,2}=|\{)\s{0,4}["'(]{0,2}(?:[a-z$][\w.]{0,16}\s{0,2}=\s{0,2})?\d{1,9}["')]{0,2}\s{0,2}[*+x/-]\s{0,2}["'(]{0,2}\d{1,9}["')]{0,2}\s{0,4}[}\])%;]/
const GADGETS: readonly (readonly [number, RegExp])[] = [
  [
    0.95,
    /(?:\$\{|\{\{|<%=?|#\{|\{%)[^}\n]{0,200}[.|]\s{0,2}(?:system|popen|exec|execSync|spawn|check_output|spawnSync)\s{0,2}\(/,
  ],
  [0.9, /\bconfig\.(?:iter)?items\s{0,2}\(/],
  // Python: from any object to the interpreter.
  [
    0.95,
    /__(?:subclasses|globals|builtins|mro|bases?)__|\b__import__\s{0,2}\(|__class__\s{0,2}(?:\.__(?:init|dict)__|\[|\|)|(?:\{\{|\$\{|\{%|#\{)[^}\n]{0,128}__[a-z]{3,16}__|\|\s{0,2}attr\s{0,2}\(|\b(?:lipsum|cycler|joiner|namespace|get_flashed_messages|url_for)\s{0,2}(?:\.|\[|\|)\s{0,2}["']?(?:attr|__)|\bself\._TemplateReference__|\brequest\.(?:application|environ|__class__|args\.\w{1,8}\s{0,2}\])/,
  ],
  [
    0.9,
    /\{\{\s{0,4}(?:config|settings|self|app|request|dump|_context|env|globals|debug)\s{0,4}(?:\}\}|\.items\(|\.__|\[|\.(?:SECRET_KEY|request|environ|from_object)|\(\s{0,2}(?:app|\)))|\{%\s{0,4}debug\s{0,4}%\}|\{\{\s{0,4}["'][^"'\n]{0,64}["']\s{0,2}\|\s{0,2}(?:filter|map|sort|reduce|passthru|system)\b|\|\s{0,2}(?:map|filter|sort|reduce)\s{0,2}\(\s{0,2}["'](?:system|exec|passthru|shell_exec|popen)/,
  ],
  [
    0.95,
    /\b_self\.env\.|registerUndefinedFilterCallback|\{php\}|\{\$smarty\.(?:version|template_object|current_dir)|\{\s{0,2}(?:system|exec|passthru|phpinfo|fetch|if\s[^}\n]{0,32}phpinfo)\s{0,2}\(|Smarty_Internal_Write_File|\{Smarty/i,
  ],
  // Java and .NET.
  [
    0.95,
    /\bT\s{0,2}\(\s{0,2}java\.|java\.lang\.(?:Runtime|ProcessBuilder|Class|System|Thread)|getRuntime\s{0,2}\(|freemarker\.template\.utility|<#assign\b[^>\n]{0,64}\?new|\?new\s{0,2}\(\)|#set\s{0,2}\(\s{0,2}\$\w{1,16}\s{0,2}=\s{0,2}["'$]{0,2}[^)\n]{0,32}(?:class|getClass|\.forName)|\$class\.inspect|\.getClass\(\)\s{0,2}\.|\.class\.forName\(|new\s{1,4}javax\.script|ScriptEngineManager|#this\.getClass|@java\.|#_memberAccess|\$\{(?:class|product|request|session|application|pageContext|param|applicationScope|sessionScope)\.[\w.]{0,32}(?:class|getClass|get\w{0,16}\()/,
  ],
  [
    0.97,
    /\$\{\s{0,4}(?:jndi|\$\{(?:lower|upper|env|::-|:)[^}\n]{0,32}\})[^\n}]{0,16}[:}]|\$\{(?:env|sys|java|docker|k8s|ctx|script|dns|url):[\w.:/-]{1,64}\}/i,
  ],
  [
    0.9,
    /System\.Diagnostics\.Process|@\(\s{0,4}(?:System\.|1\s?\+|Context\.|Html\.Raw)|@\{\s{0,4}(?:var|\/\/|System)|#\{\s{0,4}(?:T\(|session|application|request|facesContext|self\.|system|exec|\w{1,16}\.getClass|%x|root\.process|File\.|IO\.|Dir\.|`)/,
  ],
  // Ruby, JavaScript, PHP, Elixir.
  [
    0.95,
    /<%=?\s{0,4}(?:system|`|exec|IO\.|File\.|Dir\.|open\(|%x|self\.|require|global\.process|process\.|eval|Runtime)|\bconstructor\s{0,2}(?:\.|\[["'])\s{0,2}constructor|range\.constructor|(?:toString|valueOf|\(\)|\[\]|\w{1,16})\.constructor\s{0,2}(?:\.prototype|\.fromCharCode|\()|process\.mainModule|global\.process|\{\{\s{0,4}#with\s{1,4}["']s["']\s|\{\{\s{0,4}\$(?:eval|on)\.constructor|\{\{\s{0,4}(?:this\.)?(?:push|sub)\.constructor|= ?global\.|\brequire\s{0,2}\(\s{0,2}["'](?:child_process|fs|vm|os)["']|#\{\s{0,4}function\s{0,2}\(|- var x = root\.process/,
  ],
  [
    0.85,
    /\{\{\s{0,4}\[?\s{0,2}["'](?:id|whoami|cat \/etc\/passwd|ls)["']|\[\[\$\{|\$\{\s{0,4}T\(|\{\{=\s{0,4}(?:import|global|process)|\{%\s{0,4}(?:import|include|extends|load_template|set \w{1,8} ?=)\s{0,4}["']?(?:os|\/etc|\.\.|__)|\*\{\s{0,4}T\(|\{\{\s{0,4}(?:system|exec|popen|file_get_contents|readFile|get_user_file|source)\s{0,2}\(|\{\{\s{0,4}(?:\.Password|\.System|html "|printf "%s" "ssti|define "T1)|\{\{\s{0,4}["']{1,2}\.(?:class|getClass|constructor|toString)|\$\{["']?\.(?:class|getClass)/,
  ],
]
const POLYGLOT = /\$\{\{<%\[%'"\}\}%\\|\{\{\{\{|<%[%']|\{#[^}]{0,8}\}\}\}/
/** Longer texts are searched for probes only, which begin with one of these. */
const EXPRESSION_CHARACTERS = 600
const OPENINGS = ['{{', '$' + '{', '#{', '*{', '@{', '%{', '~{', '<%', '@(', '{%', '[[', '[=', '#set(']
const HINT =
  /\{\{|\$\{|#\{|\*\{|@\{|<%|@\(|\{%|\[\[|\[=|\{\$|\{\s?\w|__|#set|<#|constructor|java\.|getClass|getRuntime|mainModule|global\.|require|System\.|T\(|\|\s?attr|smarty/i

export const templateInjection: Classifier = {
  name: 'template-injection',
  version: '1',
  surfaces: ARGUMENTS,
  needs: TRAIT.bracket | TRAIT.angle | TRAIT.underscore | TRAIT.parenthesis,
  check(reading, subject) {
    const { text } = reading
    if (subject.isKey === true) return NOTHING
    const isLong = text.length > EXPRESSION_CHARACTERS
    if (isLong ? !OPENINGS.some((opening) => text.includes(opening)) : !HINT.test(text)) return NOTHING
    const probe = PROBE.exec(text)
    if (probe !== null && isProbe(probe[0], text, subject.role === 'code'))
      return [attack('template_injection', text.length > 400 ? 0.6 : 0.85, probe.index, probe.index + probe[0].length)]
    // Source code that is written to a file uses these objects for what they are made for.
    if (isLong || hasStatements(text)) return NOTHING
    for (const [score, pattern] of GADGETS) {
      const match = pattern.exec(text)
      if (match !== null) return [attack('template_injection', score, match.index, match.index + match[0].length)]
    }
    return text.length <= 64 && POLYGLOT.test(text) && /["'\\%<]/.test(text)
      ? [attack('template_injection', 0.6, 0, text.length)]
      : NOTHING
  },
}

/** Braces alone are a format string or a set: then the text must be little more than they. */
function isProbe(found: string, text: string, isCode: boolean): boolean {
  if (/^(?:\{\{|\$\{|#\{|\*\{|<%|@\(|\{%|\[)/.test(found)) return true
  return !isCode && text.length <= 48 && !text.includes('\n')
}

/** Several lines, of which most end like statements or are indented. */
function hasStatements(text: string): boolean {
  let lines = 0
  for (let at = text.indexOf('\n'); at >= 0 && lines < 3; at = text.indexOf('\n', at + 1)) lines++
  return lines >= 3
}
