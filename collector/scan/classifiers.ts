/** The classifiers in use. A list, because the instrument is bundled into other people's servers: it cannot look into a folder. */
import type { Classifier } from './classifier.ts'
import { commandInjection } from './classifiers/command-injection.ts'
import { dangerousCommand } from './classifiers/dangerous-command.ts'
import { pathTraversal } from './classifiers/path-traversal.ts'
import { ssrf } from './classifiers/ssrf.ts'

export const CLASSIFIERS: readonly Classifier[] = [pathTraversal, ssrf, commandInjection, dangerousCommand]
