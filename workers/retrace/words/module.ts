/** A module in the log, in words. */
import type { ResolvedModule } from '../resolve/resolve.ts'

/** One line for the log: `no-debuginfo /usr/lib/libffi.so.8 (libffi8_3.4.4-1_amd64): why`. */
export function moduleLine({ module, status, tried, ...found }: ResolvedModule): string {
  const owner = found.package === undefined ? '' : ` (${found.package})`
  const reasons = tried.length === 0 ? '' : `: ${tried.join('; ')}`
  return `${status} ${module.path || '(no name)'}${owner}, build-id ${module.buildId ?? 'unknown'}${reasons}`
}
