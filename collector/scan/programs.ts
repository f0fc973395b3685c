/** Programs that injected commands run, by how likely the word is to mean anything else. */

const words = (list: string): ReadonlySet<string> => new Set(list.split(' '))

/** Hardly ever a word of a sentence: behind a separator they are a command. */
const CLEAR = words(
  'whoami ifconfig ipconfig netstat uname nslookup wget curl nc ncat netcat bash sh zsh ksh csh dash ash cmd cmd.exe powershell ' +
    'powershell.exe pwsh python python2 python3 perl php lua gcc chmod chown chgrp sudo su crontab printenv tasklist systeminfo taskkill ' +
    'certutil bitsadmin mshta regsvr32 rundll32 wscript cscript telnet ssh scp sftp tftp rsync xxd base64 awk gawk sed grep egrep fgrep xargs ' +
    'rm mv cp ln ls ps df du dd pwd traceroute tracert nmap tcpdump mkfifo useradd adduser usermod userdel passwd reboot umount ' +
    'chroot nsenter unshare docker kubectl apt apt-get yum dnf apk npm npx pip pip3 systemctl mkdir rmdir unzip tar gzip gunzip bzip2 printf pkill ' +
    'killall wmic schtasks vssadmin bcdedit netsh icacls takeown attrib findstr xcopy robocopy strace gdb socat openssl lsof iptables ' +
    'hexdump nohup setsid busybox osascript uptime lsblk lscpu ifdown ifup sqlmap msfconsole vim nano emacs ' +
    'iex invoke-expression invoke-webrequest iwr get-content get-childitem get-process start-process set-content new-object',
)
/** Words of sentences, patterns and queries too: they need what looks like arguments behind them, or nothing at all. */
const AMBIGUOUS = words(
  'cat id dir type ping ping6 dig last host hostname date time find sort more less head tail who w where which set source kill service echo env ' +
    'export sleep timeout test touch mount halt init net node ruby make reg tee at exec eval shutdown look strings file stat cd copy del move ' +
    'ver start call finger ftp arp route git java go read print true false wait history man nl tac od rev cut tr wc diff stty split install ' +
    'mail mysql psql sqlite3 redis-cli mongo zip run format sc erase ren vi ed',
)

/** What stands at the head of a command. */
export interface Command {
  readonly name: string
  readonly isClear: boolean
  /** Behind the name. */
  readonly end: number
}

const HEAD =
  /[\s"'\\({]{0,8}(?:\/(?:[\w.-]{1,32}\/){0,6}|(?:[A-Za-z]:)?\\(?:[\w. -]{1,32}\\){0,6})?([A-Za-z][\w.-]{0,20})/y
/** Quotes and backslashes inside a word hide it from filters and change nothing: `c'a't`, `w\ho\am\i`. */
const BROKEN_HEAD =
  /[\s({]{0,8}((?:[A-Za-z/]{1,12}(?:''|""|\\(?=[a-z])|'[a-z]{1,8}'|"[a-z]{1,8}"|\$@|\$\{?IFS\}?)){1,12}[A-Za-z]{0,12})/y

/** The program at `at`, past white space, quotes and a path; undefined when no program of the lists stands there. */
export function commandAt(text: string, at: number): Command | undefined {
  HEAD.lastIndex = at
  const match = HEAD.exec(text)
  const end = HEAD.lastIndex
  if (match !== null) {
    const name = match[1]!.toLowerCase().replace(/\.exe$/, '')
    const hasPath = match[0].includes('/bin/') || match[0].includes('\\')
    if (CLEAR.has(name)) return { name, isClear: true, end }
    if (AMBIGUOUS.has(name)) return { name, isClear: hasPath, end }
  }
  BROKEN_HEAD.lastIndex = at
  const broken = BROKEN_HEAD.exec(text)
  if (broken === null) return undefined
  const name = broken[1]!.toLowerCase().replace(/['"\\]|\$@|\$\{?ifs\}?.*$/g, '')
  return CLEAR.has(name) || AMBIGUOUS.has(name) ? { name, isClear: true, end: BROKEN_HEAD.lastIndex } : undefined
}

const ARGUMENTS =
  /(?:\s{1,8}|\$\{?IFS\}?(?:\$\d)?|\+|,)(?:["']{0,2}(?:[a-z]{2,6}:\/\/|-{1,2}[a-z]|[/~.$][\w/.{*?-]|[a-z]:\\|\/(?:$|[\s;|&]))|\d{1,3}(?:$|[\s;|&.'"\\])|[\w-]{1,63}\.[\w.-]{1,63}|\d+\.\d+)|\s{0,4}(?:$|[;|&`'"\\\n\0#<>])/iy

/** Whether what follows a program looks like arguments or an end, and not like a sentence that goes on. */
export function hasArguments(text: string, command: Command): boolean {
  ARGUMENTS.lastIndex = command.end
  return ARGUMENTS.test(text)
}
