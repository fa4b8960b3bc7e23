/** The command line of abrt-retrace-clean. */
import { parseArgs } from 'node:util'
import { isTaskId } from '../../src/spool/task_ids.ts'
import { UsageError } from '../../src/errors/usage_error.ts'

export interface Arguments {
  action: 'clean' | 'list' | 'help' | 'version'
  dryRun: boolean
  json: boolean
  /** Says that there was nothing to do, too. */
  verbose: boolean
  /** Ids of the tasks to delete whatever their age; empty: the ones that are too old. */
  ids: string[]
}

/** Reads the command line; throws UsageError. */
export function readArguments(argv: string[]): Arguments {
  const { values, positionals } = parse(argv)
  const action = (['help', 'version', 'list'] as const).find((name) => values[name] === true) ?? 'clean'
  const strange = positionals.find((word) => !isTaskId(word))
  if (strange !== undefined) throw new UsageError(`'${strange}' is no task id, which is a number; see --help`)
  if (action === 'list' && positionals.length > 0) throw new UsageError('--list takes no ids: it lists every task')
  if (action === 'list' && values['dry-run'] === true) throw new UsageError('--dry-run does not go with --list')
  return {
    action,
    dryRun: values['dry-run'] === true,
    json: values.json === true,
    verbose: values.verbose === true,
    ids: [...new Set(positionals)],
  }
}

function parse(argv: string[]) {
  try {
    return parseArgs({
      args: argv,
      allowPositionals: true,
      options: {
        'help': { type: 'boolean', short: 'h' },
        'version': { type: 'boolean' },
        'list': { type: 'boolean' },
        'dry-run': { type: 'boolean' },
        'json': { type: 'boolean' },
        'verbose': { type: 'boolean', short: 'v' },
      },
    })
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new UsageError(`${message.split('. To specify')[0]}; see --help`, { cause: error })
  }
}

export const HELP = `Usage: abrt-retrace-clean [--dry-run] [--verbose] [--json] [ID...]
       abrt-retrace-clean --list [--json]

Deletes the tasks that were created more than RETRACE_DELETE_AFTER_DAYS days ago, what dead uploads and killed programs
left behind, all but the newest 100 times of each package, and the longest unused package files above
RETRACE_REPO_QUOTA_MB. A task that runs, or that a running server has yet to run, is never deleted. Safe beside a
running server, a sync and another abrt-retrace-clean. Call it once a day; where there was nothing to delete it prints nothing.

  ID...       delete just these tasks, whatever their age, and nothing else
  --list      the tasks with their age, state and size
  --dry-run   say what would be deleted, change nothing
  --json      one JSON document instead of text
  -v, --verbose
              say that there was nothing to delete, too
  -h, --help, --version

Exit codes: 0 done, 1 something could not be deleted, 2 usage or settings.
`
