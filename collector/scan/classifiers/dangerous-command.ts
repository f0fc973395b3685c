/** Command lines that do harm whoever wrote them: reverse shells, downloads that are run, theft of credentials, destruction, escalation. */
import { ARGUMENTS, attack, isDocument, traitsOf } from '../attack.ts'
import type { Classifier, Hit } from '../classifier.ts'
import { sensitiveIn } from '../sensitive-paths.ts'
import { TRAIT } from '../traits.ts'

const NOTHING: readonly Hit[] = []
const SHELL = String.raw`(?:ba|z|k|c|da|a)?sh\b|python[23]?\b|perl\b|ruby\b|node\b|php\b|iex\b|invoke-expression|powershell|pwsh|cmd\b|sudo\b`

interface Danger {
  readonly kind: string
  readonly score: number
  readonly pattern: RegExp
}
const danger = (kind: string, score: number, ...patterns: readonly string[]): Danger => ({
  kind,
  score,
  pattern: new RegExp(patterns.join('|'), 'i'),
})

/** Each pattern is bounded; the first of each kind counts. */
const DANGERS: readonly Danger[] = [
  danger(
    'reverse_shell',
    0.97,
    String.raw`/dev/(?:tcp|udp)/[^\s/]{1,253}/`,
    String.raw`\b(?:nc|ncat|netcat)(?:\.\w{1,12}|\.exe)?\s[^\n|;]{0,80}-\w{0,4}[ec]\b\s{0,4}["']?[/\w\\.]`,
    String.raw`\bmkfifo\s[^\n]{0,80}\b(?:nc|ncat|netcat|telnet|openssl)\b`,
    String.raw`\b(?:ba|z)?sh\s{1,4}-i\b[^\n]{0,40}(?:>&|<&|\d>)`,
    String.raw`\bsocat\b[^\n]{0,120}\bexec:`,
    String.raw`\bsocket\b[^\n]{0,200}\b(?:dup2|subprocess|pty\.spawn|/bin/(?:ba)?sh)`,
    String.raw`\bfsockopen\(|\bTCPSocket\.(?:open|new)\(|New-Object\s{1,4}(?:System\.)?Net\.Sockets\.TCPClient|\bpty\.spawn\(`,
  ),
  danger(
    'download_and_run',
    0.9,
    String.raw`\b(?:curl|wget|fetch|aria2c|lwp-download)\b[^\n|]{0,300}\|\s{0,8}(?:sudo\s{1,4}(?:-\w{1,4}\s{1,4}){0,2})?(?:/(?:usr/)?bin/)?(?:${SHELL})`,
    String.raw`\b(?:${SHELL})\s{0,4}(?:-c\s{0,4})?["']?(?:<\(|\$\(|${'`'})\s{0,4}(?:curl|wget)\b`,
    String.raw`\b(?:curl|wget)\b[^\n]{0,300}(?:&&|;|\n)\s{0,8}(?:chmod\s{1,4}(?:\+x|[0-7]{3,4})|(?:ba)?sh\s)`,
    String.raw`\bbase64\s{1,4}(?:-d|-D|--decode)\b[^\n]{0,40}\|\s{0,8}(?:${SHELL})`,
    String.raw`\bpowershell(?:\.exe)?\b[^\n]{0,120}\s-(?:e|ec|enc|encodedcommand)\s`,
    String.raw`DownloadString\(|DownloadFile\(|\b(?:iex|invoke-expression)\b[^\n]{0,40}(?:net\.webclient|iwr|invoke-webrequest|\(new-object)`,
    String.raw`\bcertutil\b[^\n]{0,60}-(?:urlcache|decode)|\bbitsadmin\b[^\n]{0,60}/transfer|\bmshta\b[^\n]{0,40}(?:https?:|javascript:|vbscript:)|\bregsvr32\b[^\n]{0,60}/i:http|\brundll32\b[^\n]{0,60}javascript:`,
    String.raw`\bxxd\s{1,4}-r\b[^\n]{0,40}\|\s{0,8}(?:ba)?sh\b`,
  ),
  danger(
    'destruction',
    0.9,
    String.raw`\brm\s{1,4}(?:-\w{1,8}\s{1,4}|--[\w-]{1,32}\s{1,4}){1,4}["']?(?:/(?:\s|\*|$|["'])|/(?:etc|bin|boot|usr|var|lib|home|root|sbin|opt)(?:/?\*?)(?:\s|$|["';])|~/?(?:\s|$|\*)|\$HOME/?(?:\s|$)|\*(?:\s|$))|--no-preserve-root`,
    String.raw`\bmkfs(?:\.\w{1,8})?\s|\bdd\s[^\n]{0,100}\bof=/dev/|>\s{0,4}/dev/(?:sd|nvme|hd|mem)|:\(\)\s{0,2}\{\s{0,2}:\|:`,
    String.raw`\b(?:vssadmin|wmic)\b[^\n]{0,40}\bdelete\b|\bwevtutil\s{1,4}cl\b|\bcipher\s{1,4}/w|\b(?:del|erase)\s{1,4}(?:/\w\s{1,4}){1,4}c:\\|\brd\s{1,4}/s\b|\bformat\s{1,4}c:|\bhistory\s{1,4}-c\b|\bshred\s{1,4}-|\bkill\s{1,4}-9\s{1,4}-1\b`,
    String.raw`Remove-Item\b[^\n]{0,60}-Recurse\b[^\n]{0,60}-Force\b[^\n]{0,40}c:\\`,
  ),
  danger(
    'privilege_escalation',
    0.85,
    String.raw`\bchmod\s{1,4}(?:-R\s{1,4})?(?:[ugoa]{0,3}\+\w{0,2}s|[2467][0-7]{3})\b|\bchmod\s{1,4}(?:-R\s{1,4})?0?777\s{1,4}/(?:\s|$|etc|bin|usr|root|var)`,
    String.raw`\bdocker\s[^\n]{0,200}(?:--privileged|-v\s{0,4}/:|--pid[= ]host|/var/run/docker\.sock)|(?:^|\s)--privileged\b|(?:^|\s)-v\s{1,4}/:/`,
    String.raw`\b(?:chroot|nsenter|unshare|pkexec)\s{1,4}[-/\w]|\bsetcap\s|\binsmod\s|\bmodprobe\s`,
    String.raw`\b(?:useradd|adduser|usermod|visudo)\b\s{1,4}(?!--help|-h\b)[-\w/]|\bnet1?\s{1,4}(?:user|localgroup)\s[^\n]{0,80}/add\b|\bpasswd\s{1,4}root\b|\|\s{0,4}chpasswd\b|--unix-socket\s{1,4}/(?:var/)?run/|\becho\s[^\n]{0,100}NOPASSWD`,
    String.raw`\bsudo\s{1,4}(?:-\w{1,4}\s{1,4}){0,2}(?:su|bash|sh|rm|chmod|chown|cat\s{1,4}/etc|visudo|passwd|dd|nc|python3?\s{1,4}-c|-i|-s)\b|\bsudo\s{1,4}-[is]\b|(?:^|[;&|]\s{0,4})su\s{1,4}(?:-\s{0,4})?(?:root)?(?:$|[;&|])`,
    String.raw`\b(?:schtasks|at)\b[^\n]{0,20}/create\b|\breg(?:\.exe)?\s{1,4}(?:add|save)\s{1,4}["']?hk(?:lm|cu|cr|ey_)|\bsc\s{1,4}create\s|\bcrontab\s{1,4}(?:-\s|-$|/tmp|[\w/.]{1,40}$)|\|\s{0,4}crontab\b|\bnetsh\b[^\n]{0,40}firewall|\bSet-MpPreference\b|\bsetenforce\s{1,4}0|\biptables\s{1,4}-F\b|\bufw\s{1,4}disable`,
  ),
  danger(
    'exfiltration',
    0.9,
    String.raw`\bcurl\b[^\n]{0,300}\s(?:-d|--data(?:-binary|-raw|-urlencode)?|-F|--form|-T|--upload-file)[\s=]{0,4}["']?(?:[\w-]{1,32}=)?(?:@|${'`'}|\$\()`,
    String.raw`\bwget\b[^\n]{0,200}--post-(?:file|data)[\s=]{0,4}["']?(?:/|${'`'}|\$\()`,
    String.raw`\b(?:env|printenv|set|cat\s[^\n|]{1,120}|history|tar\s[^\n|]{1,120})\s{0,4}\|\s{0,4}(?:base64[^\n|]{0,20}\|\s{0,4})?(?:curl|wget|nc|ncat|telnet|mail|sendmail)\b`,
    String.raw`\b(?:nc|ncat)\s{1,4}[\w.-]{1,253}\s{1,4}\d{1,5}\s{0,4}<`,
    String.raw`(?:\$\(|${'`'})[^\n)${'`'}]{1,80}(?:\)|${'`'})\.[\w-]{1,63}\.[a-z]{2,12}\b`,
    String.raw`https?://[^\s"']{1,200}(?:\$\(|${'`'})(?:cat|whoami|id|env|hostname|base64|printenv|uname)\b`,
  ),
  danger(
    'obfuscated_command',
    0.85,
    String.raw`\$\{?IFS\}?|\beval\s{1,4}["']?\$\(|\$\(\s{0,4}(?:printf|echo)\s[^\n)]{0,80}\\x|/\?{2,3}/\?{1,3}[\w?]{0,8}|\$\{(?:PATH|HOME|PWD|SHELL)(?::\d|%%|##)|\$'(?:\\x?[0-9a-f]{2,3}){3}`,
    String.raw`\bLD_PRELOAD=|\bDYLD_INSERT_LIBRARIES=|\bBASH_ENV=|\(\)\s{0,4}\{\s{0,4}:\s{0,4};\s{0,4}\}\s{0,4};`,
  ),
]
/** Words of which one is in every pattern above, in lower case: most texts end here. */
const HINT =
  /\/dev\/|\bn(?:c|cat|etcat|ode|et1?|senter|etsh)\b|mkfifo|\bsh\b|bash|zsh|socat|socket|curl|wget|fetch|base64|powershell|download|iex|invoke|certutil|bitsadmin|mshta|regsvr32|rundll32|xxd|\brm\b|preserve-root|mkfs|\bdd\b|:\(\)|vssadmin|wmic|wevtutil|cipher|\bdel\b|erase|\brd\b|format|history|shred|kill|remove-item|chmod|docker|privileged|chroot|unshare|pkexec|setcap|insmod|modprobe|useradd|adduser|usermod|visudo|passwd|docker\.sock|sudo|\bsu\b|schtasks|\breg\b|\bsc\b|crontab|nopasswd|setenforce|iptables|ufw|mppreference|\benv\b|printenv|ifs|eval|\/\?|''|""|\$\{|\$'|preload|insert_libraries|bash_env|-v\s|\$\(|`|aria2c|\bat\b/

/** A command line of more than one word has one of these; a single option begins with a hyphen. */
const WORDS = TRAIT.space | TRAIT.slash | TRAIT.backslash | TRAIT.dollar | TRAIT.chain | TRAIT.parenthesis
const HYPHEN = 45

export const dangerousCommand: Classifier = {
  name: 'dangerous-command',
  version: '1',
  surfaces: ARGUMENTS,
  needs: TRAIT.space | TRAIT.hyphen | TRAIT.slash | TRAIT.dollar | TRAIT.chain | TRAIT.parenthesis,
  check(reading, subject) {
    const { text } = reading
    if (subject.isKey === true || subject.role === 'sql' || isDocument(reading, subject)) return NOTHING
    const hits: Hit[] = []
    if ((traitsOf(reading) & WORDS) === 0 && text.charCodeAt(0) !== HYPHEN) return NOTHING
    if (HINT.test(text.toLowerCase()))
      for (const { kind, score, pattern } of DANGERS) {
        const match = pattern.exec(text)
        if (match !== null) hits.push(attack(kind, score, match.index, match.index + match[0].length))
      }
    // A path parameter that names such a file is the business of path-traversal.
    if (subject.role === 'path') return hits
    const file = sensitiveIn(text) ?? (subject.role === 'shell' ? sensitiveUnquoted(text) : undefined)
    if (file !== undefined) hits.push(attack('sensitive_file', 0.85, file.start, file.end))
    return hits
  },
}

/** Quotes and backslashes inside words hide a path from filters, and a shell drops them: `/e''tc/pa\\sswd`. */
function sensitiveUnquoted(text: string): { readonly start: number; readonly end: number } | undefined {
  const plain = text.replace(/''|""|\\(?=[a-z])/g, '')
  return plain.length < text.length && sensitiveIn(plain) !== undefined ? { start: 0, end: text.length } : undefined
}
