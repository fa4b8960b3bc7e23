/**
 * What an interpreter was given to run, by its command line. Pure. Owns which options take the next word; refuses to show
 * code that stands in the command line itself, or the arguments of the script.
 */
import type { Language } from '../gdb/interpreters.ts'

interface Options {
  /** Options whose value is the next word. */
  readonly withValue: readonly string[]
  /** In place of a script: shown alone, or with the next word. */
  readonly code?: readonly string[]
  readonly named?: readonly string[]
  /** One letter of a bunch, `-Wc`, can be such an option, too. */
  readonly areBunched?: boolean
}

const OPTIONS: Readonly<Partial<Record<Language, Options>>> = {
  python: { withValue: ['-W', '-X', '--check-hash-based-pycs'], code: ['-c'], named: ['-m'], areBunched: true },
  ruby: {
    withValue: ['-I', '-r', '-C', '-E', '-x', '--encoding', '--external-encoding', '--internal-encoding'],
    code: ['-e'],
  },
  perl: { withValue: ['-I'], code: ['-e', '-E'] },
  php: {
    withValue: ['-c', '-d', '-z', '-S', '-t', '--php-ini', '--define', '--zend-extension', '--docroot', '--server'],
    code: ['-r', '-R', '-B', '-E', '--run'],
    named: ['-f', '--file', '-F', '--process-file'],
  },
  javascript: {
    withValue: [
      ...['-r', '--require', '--import', '--loader', '--experimental-loader', '-C', '--conditions', '--env-file'],
      ...['--title', '--icu-data-dir', '--openssl-config', '--input-type'],
    ],
    code: ['-e', '--eval', '-p', '--print', '-pe'],
  },
  java: {
    withValue: [
      ...['-cp', '-classpath', '--class-path', '-p', '--module-path', '--upgrade-module-path', '--add-modules'],
      ...['--add-exports', '--add-opens', '--add-reads', '--limit-modules', '--patch-module', '--source'],
    ],
    named: ['-jar', '-m', '--module'],
  },
}
const MAX_SCRIPT = 1_024

/** `shown`: the first bytes of the command line, where the words could not be read. */
export function scriptOf(language: Language, words: readonly string[], shown: string | undefined): string | undefined {
  const options = OPTIONS[language]
  if (options === undefined) return undefined
  // A program that names itself anew writes over them.
  const all = words.slice(1).some((word) => word !== '') ? words : shown?.split(' ') ?? []
  for (let at = 1; at < all.length; at++) {
    const word = all[at] ?? ''
    const option = options.areBunched && /^-[A-Za-z]+$/.test(word) ? bunched(word, options) : word
    if (word === '--') return cut(all[at + 1])
    if (options.code?.includes(option)) return option
    if (options.named?.includes(option)) return cut(`${option} ${all[at + 1] ?? ''}`)
    if (options.withValue.includes(option)) at++
    else if (!word.startsWith('-') || word === '-') return cut(word)
  }
  return undefined
}

/** `-c` of `-Ic`; the rest of `-Wignore` and `-Xdev` is a value. */
function bunched(word: string, { code = [], named = [], withValue }: Options): string {
  const letters = word.slice(1)
  const at = [...letters].findIndex((letter) => [...code, ...named, ...withValue].includes(`-${letter}`))
  const letter = letters[at]
  if (letter === undefined) return word
  // With a value of its own, it takes no other word.
  return withValue.includes(`-${letter}`) && at < letters.length - 1 ? word : `-${letter}`
}

function cut(word: string | undefined): string | undefined {
  return word === undefined || word === '' ? undefined : word.slice(0, MAX_SCRIPT)
}
