/**
 * The debuggers of a machine, in the order in which they are tried until one understands the core (check.ts): the
 * host's, newer ones in roots of their own, the target's own under qemu-user.
 */
import { type Engine, hostArchitecture, hostEngine } from './engine.ts'
import { installedEngines } from './installed_engine.ts'

/** The engines of this machine and of RETRACE_ENGINE_DIR, best first; empty when there is no gdb at all. */
export function engines(engineDir: string): Engine[] {
  const host = hostEngine()
  return [...(host === undefined ? [] : [host]), ...installedEngines(engineDir, hostArchitecture())]
}
