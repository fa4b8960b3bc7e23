/** What every page is told of the server: addresses of style and scripts, which places there are. */
import type { Services } from '../http/services.ts'
import { addressOf } from '../http/assets.ts'
import type { Site } from '../pages/shell.tsx'
import { version } from '../program/program.ts'

const MAX_DEPTH = 100

/** `path`: of the request, where it may have more than one part; links are relative, since a proxy may have put a path before. */
export function siteOf({ assets, config }: Pick<Services, 'assets' | 'config'>, path = '/'): Site {
  return {
    root: '../'.repeat(Math.min(MAX_DEPTH, path.split('/').length - 2)) || './',
    style: addressOf(assets, 'pages.css'),
    icon: addressOf(assets, 'icon.svg'),
    version: version(),
    hasStatistics: config.stats === 'public',
  }
}

/** The path under which a proxy offers this server, without the slash at its end; cookies need it. */
export function basePath({ publicUrl }: Pick<Services['config'], 'publicUrl'>): string {
  return publicUrl === undefined ? '' : new URL(publicUrl).pathname.replace(/\/+$/, '')
}
