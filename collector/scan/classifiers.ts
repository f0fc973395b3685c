/** The classifiers in use. A list, because the instrument is bundled into other people's servers: it cannot look into a folder. */
import type { Classifier } from './classifier.ts'

export const CLASSIFIERS: readonly Classifier[] = []
