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
  /** Options that are whole in one word. What is none of all these is not known, and so is what follows it. */
  readonly alone: RegExp
  /** Letters stand in bunches, `-Ic`, and a value may follow its letter in the same word. */
  readonly areBunched?: boolean
}

const OPTIONS: Readonly<Partial<Record<Language, Options>>> = {
  python: {
    withValue: ['-W', '-X', '--check-hash-based-pycs'],
    code: ['-c'],
    named: ['-m'],
    alone: /^-[bBdEhiIOPqRsSuvVx?]$/,
    areBunched: true,
  },
  ruby: {
    withValue: ['-I', '-r', '-C', '-E', '-x', '-F', '--encoding', '--external-encoding', '--internal-encoding'],
    code: ['-e'],
    alone: /^-[acdlnpsSUvwWyKT\d]$|^--(y?jit|r?jit|verbose|debug|(en|dis)able(=[\w-]+|-[a-z-]+))$/,
    areBunched: true,
  },
  perl: {
    withValue: ['-I', '-M', '-m', '-F', '-C', '-D', '-x', '-i', '-d', '-V'],
    code: ['-e', '-E'],
    alone: /^-[acfghlnpsStTuUvwWX\d]$/,
    areBunched: true,
  },
  php: {
    withValue: ['-c', '-d', '-z', '-S', '-t', '--php-ini', '--define', '--zend-extension', '--docroot', '--server'],
    code: ['-r', '-R', '-B', '-E', '--run'],
    named: ['-f', '--file', '-F', '--process-file'],
    alone: /^-[aCeHilnqsvw]$|^--(no-php-ini|interactive|no-header)$/,
    areBunched: true,
  },
  javascript: {
    withValue: [
      ...['-r', '--require', '--import', '--loader', '--experimental-loader', '-C', '--conditions', '--env-file'],
      ...['--title', '--icu-data-dir', '--openssl-config', '--input-type', '--inspect-port', '--debug-port'],
    ],
    code: ['-e', '--eval', '-p', '--print', '-pe', '-ep'],
    alone: /^--(?!eval|print)[a-z][\w-]*(=.*)?$|^-[ci]$/,
  },
  java: {
    withValue: [
      ...['-cp', '-classpath', '--class-path', '-p', '--module-path', '--upgrade-module-path', '--add-modules'],
      ...['--add-exports', '--add-opens', '--add-reads', '--limit-modules', '--patch-module', '--source'],
    ],
    named: ['-jar', '-m', '--module'],
    alone:
      /^-(X|D|ea|da|enableassertions|disableassertions|esa|dsa|agent(lib|path):|javaagent:|verbose|splash:)|^-(server|client|showversion)$|^--[a-z-]+(=.*)?$/,
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
    const isOption = word.startsWith('-') && word !== '-'
    if (!isOption) return cut(word)
    if (word === '--') return cut(all[at + 1])
    const meant = options.areBunched && !word.startsWith('--') ? inBunch(word, options) : { option: word, rest: '' }
    if (meant === undefined) continue
    const { option, rest } = meant
    if (options.code?.includes(option)) return option
    if (options.named?.includes(option)) return cut(`${option} ${rest === '' ? all[at + 1] ?? '' : rest}`)
    if (options.withValue.includes(option)) {
      if (rest === '' && !OPTIONAL[language]?.test(option)) at++
    } else if (/^--(eval|print|run)=/.test(word)) return option.replace(/=.*$/s, '')
    else if (!options.alone.test(option)) return undefined
  }
  return undefined
}

/** Options whose value can only stand in their own word. */
const OPTIONAL: Readonly<Partial<Record<Language, RegExp>>> = {
  ruby: /^-[xF]$/,
  perl: /^-[MmFCDxidV]$/,
}

/**
 * The option of a bunch that takes the rest of the word, or the next one; the one that is not known; undefined: all stand
 * for themselves.
 */
function inBunch(word: string, { code = [], named = [], withValue, alone }: Options):
  | { option: string; rest: string }
  | undefined {
  for (let at = 1; at < word.length; at++) {
    const option = `-${word[at]}`
    if (alone.test(option)) continue
    const isKnown = [...code, ...named, ...withValue].includes(option)
    return { option, rest: isKnown ? word.slice(at + 1) : '' }
  }
  return undefined
}

function cut(word: string | undefined): string | undefined {
  return word === undefined || word === '' ? undefined : word.slice(0, MAX_SCRIPT)
}
