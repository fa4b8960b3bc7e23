/** Stacks of Python as faulthandler writes them, the oracle, and as the report has them. */
import type { BacktraceJson } from './retrace.ts'

/** Each stack as lines `FILE:LINE FUNCTION`, the newest first; that of the thread that crashed comes first. */
export function faulthandlerStacks(text: string): string[][] {
  const blocks = text.split(/\n\n/).filter((block) => /^(Current t|T)hread 0x/m.test(block))
  const current = (block: string) => /^Current thread/m.test(block) ? 0 : 1
  return blocks.toSorted((a, b) => current(a) - current(b)).map((block) =>
    [...block.matchAll(/^ {2}File "(.*)", line (\d+) in (.*)$/gm)].map(([, file, line, name]) =>
      `${file}:${line} ${name}`
    )
  )
}

/** The same of `languages`; faulthandler knows no qualified names. */
export function pythonStacks({ languages }: Pick<BacktraceJson, 'languages'>): string[][] {
  return (languages.find(({ language }) => language === 'python')?.stacks ?? []).map(({ frames }) =>
    frames.map((frame) => `${frame.file}:${frame.line} ${frame.function.split('.').at(-1)}`)
  )
}
