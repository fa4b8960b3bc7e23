/** Debuggers besides the system's: worth having, and nobody has to. */
import { engineFolders } from '../process/debuggers.ts'
import type { Look } from './look.ts'

export const engines: Look = {
  what: 'engines',
  question({ config: { engineDir } }) {
    const built = engineFolders(engineDir).map(({ suite, architecture }) => `${suite}-${architecture}`)
    if (built.length > 0) return { verdict: 'ok', text: `${built.join(', ')} in RETRACE_ENGINE_DIR` }
    return { verdict: 'ok', text: "none but the system's gdb", more: 'ops/engine trixie builds a newer one' }
  },
}
