/** The command line of abrt-reposync. */
import { parseArgs } from 'node:util'
import { UsageError } from '../../../src/errors/usage_error.ts'

export interface Arguments {
  action: 'sync' | 'status' | 'verify' | 'help' | 'version'
  dryRun: boolean
  /** Says what is as it was, too. */
  verbose?: boolean
  /** Release ids, with or without architecture; empty: all. */
  releases: string[]
  /** Releases of which a generation older than the one here is taken, once. */
  acceptOlder?: string[]
}

/** Reads the command line; throws UsageError. */
export function readArguments(argv: string[]): Arguments {
  const { values } = parse(argv)
  const actions = (['help', 'version', 'status', 'verify'] as const).filter((name) => values[name] === true)
  if (actions.length > 1 && actions[0] !== 'help' && actions[0] !== 'version') {
    throw new UsageError('Give one of --status and --verify, not both')
  }
  const action = actions[0] ?? 'sync'
  if (values['dry-run'] === true && action === 'status') throw new UsageError('--dry-run does not go with --status')
  const acceptOlder = values['accept-older'] ?? []
  if (acceptOlder.length > 0 && (action === 'status' || action === 'verify')) {
    throw new UsageError(`--accept-older does not go with --${action}`)
  }
  return {
    action,
    dryRun: values['dry-run'] === true,
    verbose: values.verbose === true,
    releases: values.release ?? [],
    acceptOlder,
  }
}

function parse(argv: string[]) {
  try {
    return parseArgs({
      args: argv,
      options: {
        'help': { type: 'boolean', short: 'h' },
        'version': { type: 'boolean' },
        'dry-run': { type: 'boolean' },
        'status': { type: 'boolean' },
        'verify': { type: 'boolean' },
        'verbose': { type: 'boolean', short: 'v' },
        'release': { type: 'string', multiple: true },
        'accept-older': { type: 'string', multiple: true },
      },
    })
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new UsageError(`${message.split('. To specify')[0]}; see --help`, { cause: error })
  }
}

export const HELP =
  `Usage: abrt-reposync [--dry-run] [--verbose] [--release ID]... [--accept-older ID]... [--status | --verify]

Mirrors what package repositories know: which packages there are, and which build-ids and paths they hold. Reads every
.sources and .repo file in RETRACE_REPOS_D, verifies signatures and checksums, and makes each new state visible at once.
Packages themselves are fetched when a retrace first needs them, or all of them where a file says X-Retrace-Fetch: full
(retrace_fetch=full): after the metadata, the newest and debuginfo first. SIGTERM ends that; the next run goes on.
Nothing that was once known or kept is forgotten when it vanishes upstream; X-Retrace-Superseded: one-week removes the
files of a version a week after a newer one came, and RETRACE_REPO_QUOTA_MB those that were longest unused, of what can
be fetched again. Call it every six hours; where all is as it was it prints nothing.

  --dry-run     say what would be done, change nothing
  --release ID  only repositories that feed this release (debian-12 or debian-12-amd64); may be given several times
  --accept-older ID
                take a state of this release although it is older than the one that is here, once
  --status      a table of releases: packages known and here, bytes, last success, last error
  --verify      check the kept files against the index, byte by byte; fetch again what is damaged, remove what is nobody's
  -v, --verbose say what is as it was, too
  -h, --help, --version

Exit codes: 0 done (also when another abrt-reposync is at work), 1 a repository failed, or a damaged package could not
be fetched again, 2 usage or settings.
`
