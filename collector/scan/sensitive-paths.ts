/** Files that hold credentials or what an intruder asks for first, by their resolved path (path-form.ts). */

import { commandAt } from './programs.ts'

/** How sure it is that nobody asks for such a file in good faith; 0 for any other file. */
export type Sensitivity = 0 | 0.5 | 0.6 | 0.9

/** Names that say it wherever they stand. Credentials of tools and clouds, keys, password stores, histories. */
const NAMES: ReadonlySet<string> = new Set(
  (
    'id_rsa id_dsa id_ecdsa id_ed25519 id_ecdsa_sk id_ed25519_sk authorized_keys .netrc _netrc .npmrc .pypirc .git-credentials .pgpass .my.cnf ' +
    '.htpasswd .dockercfg .s3cfg .boto .vault-token .terraformrc terraform.rc credentials.tfrc.json terraform.tfstate ' +
    'terraform.tfvars kubeconfig application_default_credentials.json accesstokens.json azureprofile.json msal_token_cache.json ' +
    '.bash_history .zsh_history .sh_history .mysql_history .psql_history .python_history .node_repl_history .rediscli_history .lesshst ' +
    'consolehost_history.txt secrets.yml secrets.yaml secrets.json secrets.toml secrets.env secret.yml secret.yaml credentials.yml.enc ' +
    'master.key credentials.json credentials.xml credentials.csv credentials.db credentials.yml credentials.yaml credentials.toml ' +
    'client_secret.json client_secrets.json serviceaccount.json service-account.json service_account.json serviceaccountkey.json ' +
    'service-account-key.json gcp-key.json wp-config.php web.config applicationhost.config unattend.xml sysprep.inf ' +
    'ntds.dit ntuser.dat pagefile.sys hiberfil.sys win.ini boot.ini key3.db key4.db logins.json cookies.sqlite signons.sqlite ' +
    'wallet.dat login.keychain-db login.keychain .envrc shadow.bak passwd.bak claude_desktop_config.json'
  ).split(' '),
)
/** Asked for now and then by whoever sets up a machine. */
const DOUBTFUL_NAMES: ReadonlySet<string> = new Set(
  '.bashrc .bash_profile .bash_login .profile .zshrc .zshenv .zprofile .bash_logout .htaccess .gitconfig known_hosts'.split(
    ' ',
  ),
)
/** `.env` and its kin, except the ones that are made to be shown. */
const DOTENV = /^\.env(?:\.(?!(?:example|sample|template|dist|defaults?|schema|tpl|d\.ts|md)$)[\w.-]{1,32})?$/
const KEY_FILE =
  /\.(?:pem|pfx|p12|jks|keystore|kdbx?|ppk|ovpn|keytab)$|(?:^|[._-])(?:private|server|secret|ssl|tls|rsa|host_\w{1,10})[._-]?key(?:\.\w{1,4})?$|-firebase-adminsdk-[\w-]{1,40}\.json$/

/** Places by whole path; `/` stands before the first name too. */
const PLACES: readonly (readonly [RegExp, Sensitivity])[] = [
  [
    /\/etc\/(?:passwd|shadow|gshadow|master\.passwd|security\/passwd|sudoers|opasswd|krb5\.keytab|ld\.so\.preload|crontab)-?(?:\/|$)/,
    0.9,
  ],
  [
    /\/etc\/(?:sudoers\.d|cron\.(?:d|daily|hourly|weekly|monthly)|ssh|ssl\/private|kubernetes|pam\.d|ldap|openvpn|wireguard|letsencrypt\/(?:live|archive))(?:\/|$)/,
    0.9,
  ],
  [
    /\/etc\/(?:group|hosts|issue|motd|fstab|profile|environment|mysql\/(?:debian|my)\.cnf|exports|inetd\.conf|syslog\.conf)$/,
    0.6,
  ],
  [
    /\/proc\/(?:self|thread-self|\*|\d{1,7}|[a-z_$]{1,16})\/(?:environ|cmdline|maps|mem|fd|root|cwd|exe|task|mounts|status|stat|net|sched)(?:\/|$)/,
    0.9,
  ],
  [
    /\/proc\/(?:kcore|kallsyms|keys|sched_debug|mounts|net\/(?:tcp6?|udp6?|arp|route|fib_trie)|version|config\.gz)$|\/dev\/(?:mem|kmem|port|sd[a-z]\d?|nvme\d)/,
    0.9,
  ],
  [
    /\/\.(?:ssh|gnupg|aws|azure|kube|gcloud|password-store|electrum|bitcoin|ethereum|ansible\/vault|oci|aliyun|bluemix|chef)(?:\/|$)/,
    0.9,
  ],
  [/\/\.config\/(?:gcloud|gh|hub|doctl|heroku|solana|op|rclone|google-chrome|chromium|discord|slack)(?:\/|$)/, 0.9],
  [
    /\/\.(?:docker\/config\.json|gem\/credentials|cargo\/credentials(?:\.toml)?|m2\/settings(?:-security)?\.xml|gradle\/gradle\.properties|composer\/auth\.json|subversion\/auth|cursor\/mcp\.json|claude(?:\.json$|\/\.credentials\.json)|codeium\/|local\/share\/keyrings|mozilla\/firefox\/)/,
    0.9,
  ],
  [/\/(?:library\/keychains|library\/application support\/(?:google\/chrome|firefox|claude))(?:\/|$)/, 0.9],
  [
    /\/(?:var\/)?run\/(?:secrets(?:\/|$)|docker\.sock$|containerd\/containerd\.sock$)|\/var\/lib\/(?:kubelet|docker|mysql|postgresql)\//,
    0.9,
  ],
  [/\/etc\/rancher\/|\/boot\/grub\/grub\.cfg$|\/\.(?:terraform\.d|config\/(?:op|1password))\//, 0.9],
  [/\/var\/log\/(?:auth\.log|secure|wtmp|btmp|lastlog|faillog|audit\/|sudo)/, 0.6],
  [/\/var\/spool\/cron|\/var\/mail\/|\/var\/spool\/mail\//, 0.9],
  [
    /\/windows\/(?:system32\/config\/(?:sam|system|security|software|regback)|repair\/|ntds|panther\/|debug\/netsetup\.log|system32\/drivers\/etc\/|system32\/inetsrv\/config\/|system\.ini$|php\.ini$|debug\/)/,
    0.9,
  ],
  [
    /\/appdata\/(?:local|roaming)\/(?:google\/chrome|microsoft\/(?:edge|credentials|protect|vault|windows\/powershell)|mozilla\/firefox|brave)/,
    0.9,
  ],
  [/^\/(?:etc|root|proc|sys|dev|boot)$|^\/[a-z]:\/(?:windows(?:\/system32)?|users)$/, 0.5],
]

/** One of these is in every path of such a place. */
const PLACE_HINT = /\/etc|\/proc|\/dev|\/\.|\/library\/|run\/|\/var\/|\/windows|\/appdata\/|\/users|\/root|\/sys|\/boot/

/** `resolved`: of a `PathForm`. */
export function sensitivityOf(resolved: string): Sensitivity {
  const name = resolved.slice(resolved.lastIndexOf('/') + 1).replace(/(?:::\$data|[.\s]{1,8})$/, '')
  if (NAMES.has(name) || DOTENV.test(name) || KEY_FILE.test(name)) return 0.9
  const path = resolved.startsWith('/') ? resolved : `/${resolved}`
  // A relative `etc/passwd` is what a climb or a chroot leads to: it counts as the absolute one.
  if (PLACE_HINT.test(path)) for (const [place, sensitivity] of PLACES) if (place.test(path)) return sensitivity
  return DOUBTFUL_NAMES.has(name) ? 0.6 : 0
}

/** Where a path to a file of the first kind stands in running text such as a command line; undefined when there is none. */
export function sensitiveIn(text: string): { readonly start: number; readonly end: number } | undefined {
  const match = HINT.test(text) ? MENTION.exec(text) : null
  return match === null || isToldOf(text, match.index)
    ? undefined
    : { start: match.index, end: match.index + match[0].length }
}
/** A plain word that is no program stands before it: `what is /etc/passwd for`. */
function isToldOf(text: string, at: number): boolean {
  const before = /(?:^|\s)([a-z]{2,16})\s{1,4}[~/\w.-]{0,64}$/i.exec(text.slice(Math.max(0, at - 96), at))
  return before !== null && commandAt(before[1]!, 0) === undefined
}
const HINT =
  /etc[/\\]|\.ssh|\.env|\.aws|\.kube|\.gnupg|proc[/\\]|id_rsa|id_ed|\.netrc|\.npmrc|\.docker|gcloud|config[/\\]|serviceaccount|history|credentials/i
const MENTION =
  /[/\\]{1,4}etc[/\\]{1,4}(?:passwd|shadow|gshadow|sudoers|master\.passwd|crontab|cron\.\w{1,8}[/\\])|\.ssh[/\\](?:id_\w{1,16}|authorized_keys|config)|[/\\]proc[/\\](?:self|\d{1,7}|\*)[/\\](?:environ|mem|maps|cmdline|fd)|\.aws[/\\](?:credentials|config)|\.kube[/\\]config|\.docker[/\\]config\.json|\.gnupg[/\\]|\.config[/\\]gcloud|application_default_credentials|\.git-credentials|\.netrc\b|\.pgpass\b|\.bash_history\b|\bid_rsa\b|\bid_ed25519\b|system32[/\\]{1,4}config[/\\]{1,4}(?:sam|system)\b|kubernetes\.io[/\\]serviceaccount|(?:^|[\s'"=@/\\])\.env(?![\w.-])/i
