/** The version of this program: what a single executable was made with, which has no package.json beside it, else the package's. */
import { version } from '../program/program.ts'

/** Put there by ops/single-executable. */
declare const RETRACE_VERSION: string | undefined

export function clientVersion(): string {
  return typeof RETRACE_VERSION === 'string' ? RETRACE_VERSION : version()
}
