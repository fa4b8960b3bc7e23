/** What `retrace` reads of its environment: a person's, not a server's. Pure but for its default. */
import { env, geteuid } from 'node:process'
import { join } from 'node:path'
import type { Environment } from './config.ts'

export interface ClientEnvironment {
  /** RETRACE_SERVER: the address of the server. */
  readonly server: string | undefined
  /** Files of settings, the first that has one counts. */
  readonly files: readonly string[]
  /** Where the client keeps which tasks it has sent; undefined where there is no home. */
  readonly stateFolder: string | undefined
  /** NO_COLOR is set, or the terminal is a dumb one. */
  readonly isPlain: boolean
  /** PAGER. */
  readonly pager: string | undefined
  /** What `--local` uses of this person's own; undefined: root, who has the system's, and who names some in RETRACE_*. */
  readonly local: LocalPlaces | undefined
}

export interface LocalPlaces {
  readonly repositories: string
  readonly database: string
  readonly packages: string
}

/** By the XDG Base Directory Specification, and no-color.org. */
export function clientEnvironment(from: Environment = env, isRoot: boolean = geteuid?.() === 0): ClientEnvironment {
  const home = from.HOME || undefined
  const below = (variable: string | undefined, usual: string) => variable || (home && join(home, usual))
  const settings = below(from.XDG_CONFIG_HOME, '.config')
  const state = below(from.XDG_STATE_HOME, join('.local', 'state'))
  const data = below(from.XDG_DATA_HOME, join('.local', 'share'))
  const cache = below(from.XDG_CACHE_HOME, '.cache')
  return {
    server: from.RETRACE_SERVER || undefined,
    files: [...(settings ? [join(settings, 'retrace', 'config')] : []), '/etc/retrace/client.conf'],
    stateFolder: state ? join(state, 'retrace') : undefined,
    isPlain: Boolean(from.NO_COLOR) || from.TERM === 'dumb',
    pager: from.PAGER || undefined,
    local: isRoot || from.RETRACE_DATABASE || !settings || !data || !cache ? undefined : {
      repositories: join(settings, 'retrace', 'repos.d'),
      database: join(data, 'retrace', 'retrace.db'),
      packages: join(cache, 'retrace', 'packages'),
    },
  }
}
