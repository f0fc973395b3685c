/** `export --worm`: told to the audit before and after, as every export is. */
import { resolve } from 'node:path'
import { tellAccess, type Who } from '../export/run.ts'
import { printShown } from '../screen.ts'
import { openFolder } from './data-folder.ts'
import { exportWorm } from './worm.ts'

export async function wormTo(dataDir: string, dir: string, { actor, reason }: Who): Promise<void> {
  const { source, questions } = await openFolder(dataDir)
  const access = { operation: 'export', actor, reason, subject: 'segments of events, written once' } as const
  try {
    await tellAccess(questions, access)
    const { segments, rows, tombstones, kept } = await exportWorm(source, resolve(dir))
    await tellAccess(questions, { ...access, rows })
    printShown(
      `${segments} segments with ${rows} rows and ${tombstones} tombstones written; ${kept} segments were there`,
    )
  } finally {
    await questions.close()
  }
}
