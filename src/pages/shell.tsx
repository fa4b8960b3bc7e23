/**
 * What every page has: its head, a way to skip to what it is about, the names of the server's places. Pure; a page is a text, and
 * what came from a stranger is in it as text only.
 */
import type { Child } from 'hono/jsx'
import { escapeText } from '../text/escape.ts'

/** Addresses of style and scripts are relative to the root. */
export interface Site {
  /** `./`, or the way up to it. */
  readonly root: string
  readonly style: string | undefined
  readonly icon: string | undefined
  readonly version: string
  readonly hasStatistics: boolean
}

export interface ShellProps {
  readonly site: Site
  readonly title: string
  /** Address of its script, relative to the root. */
  readonly script?: string | undefined
  /** For who has no scripts: seconds until the page is asked for anew. */
  readonly refresh?: number | undefined
  readonly current?: 'start' | 'stats'
  readonly children?: Child
}

/** A whole document. */
export function page(props: ShellProps): string {
  return `<!doctype html>\n${(<Shell {...props} />).toString()}\n`
}

/** A stranger's text: what is not seen, or would turn the order of reading around, as its number. */
export function shown(text: string, length = 8192): string {
  return escapeText(text, { keep: '\t\n', length })
}

/** A stranger's text that has one line. */
export function line(text: string, length = 2000): string {
  return escapeText(text, { length })
}

function Shell({ site, title, script, refresh, current, children }: ShellProps) {
  return (
    <html lang='en'>
      <head>
        <meta charset='utf-8' />
        <meta name='viewport' content='width=device-width, initial-scale=1' />
        <meta name='color-scheme' content='light dark' />
        <meta name='robots' content='noindex' />
        <title>{line(title)}</title>
        {site.style && <link rel='stylesheet' href={site.root + site.style} />}
        {site.icon && <link rel='icon' href={site.root + site.icon} type='image/svg+xml' />}
        {script && <script src={site.root + script} defer></script>}
        {refresh !== undefined && (
          <noscript>
            <meta http-equiv='refresh' content={String(refresh)} />
          </noscript>
        )}
      </head>
      <body>
        <a class='skip' href='#content'>Skip to the content</a>
        <header class='top'>
          <nav aria-label='Server'>
            <a class='brand' href={site.root} aria-current={current === 'start' ? 'page' : undefined}>Retrace</a>
            {site.hasStatistics && (
              <a href={`${site.root}stats`} aria-current={current === 'stats' ? 'page' : undefined}>Statistics</a>
            )}
            <a href={`${site.root}openapi.json`}>Interface</a>
          </nav>
        </header>
        <main id='content' tabindex={-1}>{children}</main>
        <footer>
          <p>abrt-retrace {site.version}. This page asks nobody but this server.</p>
        </footer>
      </body>
    </html>
  )
}
