/**
 * Threads as libsatyr compares them: what is no cause of a crash goes, the many names of one function become one. Pure.
 * The steps are those that the library takes, in its order (docs/facts.md, 'libsatyr'); refuses to be cleverer: it knows
 * no library of a frame here, since nobody gave it the table of them.
 */
import type { SatyrFrame, SatyrThread } from './grammar.ts'
import { REMOVABLE } from './removable.ts'

/** Where a process ends itself. */
const EXIT: Readonly<Record<string, string>> = {
  '__run_exit_handlers': 'exit.c',
  'raise': 'pt-raise.c libc.so libc- libpthread.so raise.c',
  '__GI_raise': 'raise.c',
  'exit': 'exit.c',
  'abort': 'abort.c libc.so libc-',
  '__GI_abort': 'abort.c',
  '__chk_fail': 'chk_fail.c libc.so',
  '__stack_chk_fail': 'stack_chk_fail.c libc.so',
  'do_exit': 'exit.c',
  'kill': 'syscall-template.S',
}

/** These go with all that they called. */
const WITH_CALLED: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [
      ...['__assert_fail', '__assert_fail_base', '__chk_fail', '__longjmp_chk', '__malloc_assert', '__strcat_chk'],
      ...['__strcpy_chk', '__strncpy_chk', '__vsnprintf_chk', '___vsnprintf_chk', '__snprintf_chk', '___snprintf_chk'],
      ...['__vasprintf_chk', '__vsprintf_chk', '___sprintf_chk', '__fwprintf_chk', '__asprintf_chk', '___printf_chk'],
      ...['___fprintf_chk', '__vswprintf_chk'],
    ].map((name) => [name, '']),
  ),
  ...Object.fromEntries(
    ['malloc_consolidate', 'malloc_printerr', '_int_malloc', '_int_free', '_int_realloc']
      .map((name) => [name, 'malloc.c libc']),
  ),
  ...Object.fromEntries(
    [
      ...['_int_memalign', '__libc_free', '__libc_malloc', '__libc_memalign', '__libc_realloc', '__posix_memalign'],
      '__libc_calloc',
    ].map((name) => [name, 'malloc.c']),
  ),
  '__libc_fatal': 'libc',
}

/** Functions of the C library with variants by processor, and the suffixes that the library knows. */
const BY_PROCESSOR = new RegExp(
  '^__(' + [
    ...['memchr', 'memcmp', 'memcpy', 'memmove', 'memset', 'rawmemchr', 'strcasecmp', 'strcasecmp_l', 'strcat'],
    ...['strchr', 'strchrnul', 'strcmp', 'strcpy', 'strcspn', 'strlen', 'strncmp', 'strncpy', 'strpbrk', 'strrchr'],
    ...['strspn', 'strstr', 'strtok'],
  ].join('|') + ')_(sse2|sse2_bsf|ssse3|ssse3_rep|ssse3_back|sse42|ia32)$',
)

export const NAMELESS = '??'

/** Whether the process ended itself there. */
export function isExit(frame: SatyrFrame): boolean {
  return isOf(EXIT, frame)
}

/** What is left of a thread. */
export function normalised({ number, frames }: SatyrThread): SatyrThread {
  const last = frames.findLastIndex(isExit)
  const kept: SatyrFrame[] = []
  for (const each of frames.slice(last + 1)) {
    const frame = withPlainName(each)
    if (isExit(frame) || isOf(WITH_CALLED, frame)) kept.length = 0
    else if (!isOf(REMOVABLE, frame)) kept.push(frame)
  }
  if (isNowhere(kept[0])) kept.shift()
  if (isNowhere(kept.at(-1))) kept.pop()
  const differs = (frame: SatyrFrame, before: SatyrFrame | undefined) =>
    before?.function === undefined || frame.function !== before.function || frame.function === NAMELESS
  return { number, frames: kept.filter((frame, index) => differs(frame, kept[index - 1])) }
}

/** Whether a table has a function, in a file of one of its words; without words, in any. */
function isOf(table: Readonly<Record<string, string>>, frame: SatyrFrame): boolean {
  const words = frame.function === undefined || !Object.hasOwn(table, frame.function)
    ? undefined
    : table[frame.function]
  return words !== undefined && words.split(' ').some((word) => isIn(frame, word))
}

function isIn({ file }: SatyrFrame, word: string): boolean {
  return file?.includes(word) === true
}

/** Without the prefixes and suffixes that tell variants of one function apart. */
function withPlainName(frame: SatyrFrame): SatyrFrame {
  const { file, function: name } = frame
  if (name === undefined || file === undefined) return frame
  const plain = name.replace(/^IA__(?=gdk|g_|gtk)/, '').replace(/^__GI_/, '')
  const base = BY_PROCESSOR.exec(plain)?.[1]
  const isVariant = base !== undefined && [base, '/sysdeps/', 'libc.so'].some((word) => isIn(frame, word))
  return { ...frame, function: isVariant ? base : plain }
}

function isNowhere(frame: SatyrFrame | undefined): boolean {
  return frame?.address === 0n && frame.function === NAMELESS
}
