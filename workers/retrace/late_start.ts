/** Why a task waited for its gdb, which starts as a rule while files are looked up: for the log. Pure. */
import type { NotAsked } from './ahead.ts'

/** `gdb is started late, since links to kept files are refused (EXDEV)`. */
export function startedLate(why: NotAsked): string {
  return `gdb is started late, since ${reasonOf(why)}`
}

function reasonOf(why: NotAsked): string {
  switch (why.kind) {
    case 'no-store':
      return 'there is no RETRACE_REPO_DIR yet'
    case 'unusual':
      return 'what it is to see is no plain file, or too many'
    case 'replaced':
      return 'the folder with what it sees was removed meanwhile'
    case 'refused':
      return `the system refused to link kept files for it (${why.code}): RETRACE_REPO_DIR has to be one file system, and its files this user's`
    case 'other-engine':
      return 'another one is asked'
    case 'names':
      return 'the task has more names, or others, than it can make'
    case 'stopped':
      return 'the task was stopped'
    case 'unstarted':
      return 'it could not be started'
    case 'failed':
      return `it did not take ${why.at === 'names' ? 'the names of files' : 'its settings'} (${why.answer})`
  }
}
