/** Debuggers besides the system's: worth having, and nobody has to. */
import { engineFolders, nativeEngines } from '../process/debuggers.ts'
import type { Look } from './look.ts'

export const engines: Look = {
  what: 'engines',
  question({ config: { engineDir } }) {
    const native = nativeEngines(engineDir).map(({ root }) => root)
    const built = engineFolders(engineDir).map(({ root, suite, architecture }) =>
      `${suite}-${architecture}${native.includes(root) ? '' : ' (under qemu-user, for cores of its own architecture)'}`
    )
    if (built.length > 0) return { verdict: 'ok', text: `${built.join(', ')} in RETRACE_ENGINE_DIR` }
    return { verdict: 'ok', text: "none but the system's gdb", more: 'ops/engine trixie builds a newer one' }
  },
}
