/**
 * Where people can read a source line, from an administrator's template: `https://host/{source}/{version}/{file}#L{line}`.
 * Nothing is fetched from there. Pure. Owns which words a template has; refuses a file whose place in its source nobody
 * can tell.
 */

const WORDS = ['package', 'source', 'version', 'release', 'file', 'line'] as const
export type SourceWord = (typeof WORDS)[number]

const MAX_TEMPLATE = 1_000

/** What is wrong with a template, as the end of a sentence; undefined: nothing is. */
export function faultOfSourceUrl(template: string): string | undefined {
  if (!/^https?:\/\/[^\s/{}]+\/[^\s]*$/.test(template) || template.length > MAX_TEMPLATE) {
    return `is an address that begins with http:// or https://, of ${MAX_TEMPLATE} characters at most, not ${template}`
  }
  // Everybody who may read a backtrace would see them.
  if (/^https?:\/\/[^/?#]*@/.test(template)) return 'has neither user nor password: readers of backtraces see it'
  const unknown = [...template.matchAll(/\{([^}]*)\}?/g)].map(([, word = '']) => word)
    .find((word) => !WORDS.some((known) => known === word))
  if (unknown !== undefined) return `knows ${WORDS.map((word) => `{${word}}`).join(', ')}, not {${unknown}}`
  return template.includes('{file}') ? undefined : 'has to have {file}'
}

/** `values.file` as debuginfo names it. Undefined: it is a file of another package, or nobody can tell. */
export function sourceUrl(
  template: string,
  values: Readonly<Record<Exclude<SourceWord, 'line'>, string>> & { readonly line: number | undefined },
): string | undefined {
  const file = pathInSource(values.file)
  if (file === undefined) return undefined
  const words: Record<string, string> = { ...values, file, line: values.line === undefined ? '' : String(values.line) }
  return template.replace(/\{(\w+)\}/g, (_, word: string) => (words[word] ?? '').split('/').map(encodePart).join('/'))
}

function encodePart(text: string): string {
  return encodeURIComponent(text).replaceAll('%3A', ':').replaceAll('%2B', '+')
}

/** Where distributions build, and where their debuginfo says that sources are: the rest is the path in the source. */
const BUILD_FOLDERS =
  /^(\/usr\/src\/debug\/[^/]+|\/build\/[^/]+\/[^/]+|\/builddir\/build\/BUILD\/([^/]+-build\/)?[^/]+|\/<<PKGBUILDDIR>>)\//

/** `./Modules/x.c`, `../sysdeps/y.S`, `/usr/src/debug/bash-5.2-1.x86_64/lib/z.c`: without what leads there. */
function pathInSource(file: string): string | undefined {
  const own = file.replace(BUILD_FOLDERS, '')
  if (own.startsWith('/') || own.startsWith('<')) return undefined
  const parts: string[] = []
  for (const part of own.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.' && part !== '') parts.push(part)
  }
  return parts.length === 0 ? undefined : parts.join('/')
}
