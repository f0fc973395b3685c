/** injection.command in what was handed on: harmful code is to become part of what whoever reads it writes. */
import type { Matcher } from '../act.ts'
import { DO, HOW, TO } from '../meaning.ts'
import { after, find, has, near, type Sentence } from '../sentence.ts'
import { ASK } from './ask.ts'
import { ANY, openingOrder } from './place.ts'

/** Characters after the order in which the code stands. */
const REACH = 900
/**
 * What such code does and an answer about lists or dates does not: shells and processes, keys and screens of others, files of a whole
 * disk, what leaves for another host, endless connections, switching off.
 */
const HARM: readonly RegExp[] = [
  /\b(?:os\.(?:system|popen|fork|remove|unlink|kill|walk|environ)|subprocess\b|popen\(|child_process|Runtime\.getRuntime|ProcessBuilder|shell_exec|passthru|pty\.spawn|os\.dup2|exec(?:Sync|File)?\()/,
  /\b(?:pynput|keyboard\.(?:Listener|hook|on_press|record)|pyHook|GetAsyncKeyState|ImageGrab|pyautogui|mss\b|VideoCapture|pyperclip|clipboard|sounddevice|pyaudio|win32(?:gui|api|clipboard))/,
  /\b(?:Fernet|AES\.new|Cipher\(|createCipher|ChaCha20)|\.encrypt\(|\.encryptor\(/,
  /\b(?:requests\.(?:get|post|put)|urlopen|urlretrieve|pexpect|httpx?\.post|axios\.post|fetch\(|smtplib|ftplib|paramiko|sendmail|socket\.socket|net\.connect|http\.client)/,
  /\b(?:scapy|sniff\(|pcap|dpkt|pyshark|iptables|netsh|ifconfig|nmcli|hosts['"]|Win32_NetworkAdapter|pfctl|ipconfig)/,
  /\b(?:shutil\.rmtree|rm -rf|mkfs|winreg|ctypes\.windll|BlockInput|shutdown|reboot|taskkill|crontab|killall|format c:)/i,
  /\b(?:platform\.(?:uname|system|node|release|version|machine|platform)|getpass\.getuser|uuid\.getnode|psutil|socket\.gethostname|importlib\.metadata|pkg_resources|os\.uname|navigator\.(?:userAgent|plugins))/,
  /\bwhile\s*\(?\s*(?:True|1|true)\b/,
  /(?:pickle|marshal|yaml)\.loads?\(|\bexec\(|\beval\(|authorized_keys|\/boot\/|\/etc\/|~\/\.ssh|System32|\.bashrc|Startup\b/,
  /\b(?:threading\.Thread|multiprocessing|asyncio\.gather)\b/,
]

export function harmIn(code: string): number {
  let kinds = 0
  for (const pattern of HARM) if (pattern.test(code)) kinds++
  return kinds
}

export const snippet: Matcher = (s, _subject, report) => {
  if ((s.as & ASK.code) === 0 || (s.as & ASK.next) === 0) return
  const next = find(s, { as: ASK.next })
  const code = after(s, next, 3, { as: ASK.code })
  const { text, ends } = s.tokens
  const end = ends[s.to - 1]!
  if (
    !/^[^.!?\n]{0,60}[:.]?\s{0,3}(?:```|\n {4}|\n\t|\n(?:import|const|from|def|function) )/.test(
      text.slice(end, end + 60),
    )
  )
    return
  const fence = text.indexOf('```', end)
  const close = fence < 0 ? -1 : text.indexOf('```', fence + 3)
  const harm = harmIn(text.slice(end, Math.min(close < 0 ? text.length : close, end + REACH)))
  if (harm === 0) return
  const isAnswer = isIntoAnswer(s, code)
  const isOrder = openingOrder(s, ANY) >= 0 || (s.as & ASK.duty) !== 0 || (s.doing & DO.must) !== 0
  const isYours = isAnswer || (isOrder && (s.how & HOW.your) !== 0)
  if (isYours) report('command', harm > 1 ? 0.7 : 0.5, next, s.to - 1)
  else if (isOrder) report('command', harm > 1 ? 0.5 : 0.3, next, s.to - 1)
}

/** It goes into what is being written, rather than into a file of one's own. */
function isIntoAnswer(s: Sentence, code: number): boolean {
  const wanted = { as: ASK.solution, about: TO.reply }
  for (let into = find(s, wanted); into >= 0; into = find(s, wanted, into + 1)) {
    if (into === code) continue
    if (has(s, into, { about: TO.reply }) || near(s, into, 3, { how: HOW.your | HOW.you }) >= 0) return true
  }
  return false
}
