/** The module hook for Node without hooks in the program's own thread: runs in a thread that sees sources and nothing else. */
import type { LoadHook } from 'node:module'
import { audible } from './register-hooks.ts'

export const load: LoadHook = async (url, context, nextLoad) => audible(await nextLoad(url, context), url)
