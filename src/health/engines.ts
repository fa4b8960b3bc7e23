/** Debuggers besides the system's: worth having, and nobody has to. */
import { existsSync, readdirSync } from 'node:fs'
import type { Look } from './look.ts'

export const engines: Look = {
  what: 'engines',
  question({ config: { engineDir } }) {
    const names = existsSync(engineDir) ? readdirSync(engineDir) : []
    const built = names.filter((name) => /^[a-z]+-[a-z0-9]+$/.test(name))
    if (built.length > 0) return { verdict: 'ok', text: `${built.join(', ')} in RETRACE_ENGINE_DIR` }
    return { verdict: 'ok', text: 'none but gdb-multiarch', more: 'ops/engine trixie builds a newer one' }
  },
}
