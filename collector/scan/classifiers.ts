/** The classifiers in use. A list, because the instrument is bundled into other people's servers: it cannot look into a folder. */
import type { Classifier } from './classifier.ts'
import { commandInjection } from './classifiers/command-injection.ts'
import { dangerousCommand } from './classifiers/dangerous-command.ts'
import { exfiltrationUrl } from './classifiers/exfiltration-url.ts'
import { hiddenUnicode } from './classifiers/hidden-unicode.ts'
import { homoglyph } from './classifiers/homoglyph.ts'
import { injection } from './classifiers/injection.ts'
import { padding } from './classifiers/padding.ts'
import { pathTraversal } from './classifiers/path-traversal.ts'
import { payload } from './classifiers/payload.ts'
import { pii } from './classifiers/pii.ts'
import { queryInjection } from './classifiers/query-injection.ts'
import { secrets } from './classifiers/secrets.ts'
import { sqlInjection } from './classifiers/sql-injection.ts'
import { ssrf } from './classifiers/ssrf.ts'
import { templateInjection } from './classifiers/template-injection.ts'
import { terminal } from './classifiers/terminal.ts'

export const CLASSIFIERS: readonly Classifier[] = [
  pathTraversal,
  ssrf,
  commandInjection,
  dangerousCommand,
  queryInjection,
  templateInjection,
  payload,
  sqlInjection,
  secrets,
  pii,
  injection,
  hiddenUnicode,
  homoglyph,
  terminal,
  padding,
  exfiltrationUrl,
]
