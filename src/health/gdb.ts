/** What is demanded of a gdb beside that it runs: that it is new enough, and has Python, in which all questions are asked. */
import { versionByPython } from '../process/trial.ts'
import type { Finding } from './look.ts'
import { reasonOf } from './reason.ts'

/** The first with the machine interface that tasks speak (mi3; 'Changes in GDB 9' of its NEWS). */
const OLDEST = 9
/** The oldest one with which all of this was tried. */
const TRIED = 13

/** Of one that has told its version: the finding of that, or what is wrong. `version`: the line that it says to `--version`. */
export async function judgeGdb(name: 'gdb' | 'gdb-multiarch', version: string): Promise<Finding> {
  const age = judgeAge(version)
  if (age.verdict === 'FAIL') return age
  try {
    await versionByPython(name)
    return age
  } catch (cause) {
    const more = `${reasonOf(cause)}: install one that was built with it, as gdb-multiarch of the distribution`
    return { verdict: 'FAIL', text: `${version}, whose Python does not work`, more }
  }
}

/** By the line that it says to `--version`. A version that cannot be read is taken for a new one. */
export function judgeAge(version: string): Finding {
  const major = majorOf(version)
  if (major === undefined || major >= TRIED) return { verdict: 'ok', text: version }
  const more = `install gdb-multiarch ${TRIED} or a later one`
  if (major < OLDEST) return { verdict: 'FAIL', text: `${version}, which is too old: it cannot be asked`, more }
  return { verdict: 'warn', text: `${version}, with which nothing was tried`, more }
}

/** `GNU gdb (Debian 13.1-3) 13.1`, `GNU gdb (GDB) Red Hat Enterprise Linux 8.2-20.el8`: the last word is it. */
function majorOf(version: string): number | undefined {
  const [, major] = /(?:^|\s)(\d+)\.\d\S*\s*$/.exec(version) ?? []
  return major === undefined ? undefined : Number(major)
}
