/**
 * Where the text of a frame is made. gdb itself makes it, `backtrace -full` (root/scripts/frames.py prints, gdb/frames.ts
 * asks); here it is read as far as it says more than gdb's API, and made fit for its readers. Where it did not come, or
 * cannot be believed, a line of ours stands in its place. Pure. Refuses a line that begins like a frame and is none.
 */
import { escapeText } from '../../../src/text/escape.ts'
import type { FrameKind } from '../gdb/answers.ts'
import { textWithoutHashes } from '../gdb/rust_names.ts'
import { INSIDE } from '../sandbox/arguments.ts'

/** gdb's text of one thread. */
export interface GdbText {
  /** Fit to be shown; undefined when it did not come. */
  readonly text: string | undefined
  /** The same with gdb's own names, where those are others: with the hashes of Rust. */
  readonly raw?: string
  readonly frames: number
  /** What gdb says at the end when the stack ends too early: 'previous frame inner to this frame (corrupt stack?)'. */
  readonly stopped: string | undefined
}

/** What the text of a frame is made of when gdb's own did not come. */
interface FrameFacts {
  readonly level: number
  readonly pc: bigint
  readonly kind: FrameKind
  readonly function: string | undefined
  readonly file: string | undefined
  readonly line: number | undefined
  readonly module: { readonly module: { readonly path: string } } | undefined
  readonly arguments: readonly NamedValue[]
  readonly locals: readonly NamedValue[]
  readonly hasValues: boolean
}

interface ShownFrame extends FrameFacts {
  /** The function that the frame before is inlined in: at the same address, which is shown once. */
  readonly isOuter: boolean
}

interface NamedValue {
  readonly name: string
  readonly value: string
}

/** Reads what gdb printed of one thread. */
export function readGdbText(said: string | undefined): GdbText {
  const raw = said === undefined ? undefined : fitText(said)
  const text = raw && textWithoutHashes(raw)
  return {
    text,
    ...(raw === undefined || raw === text ? {} : { raw }),
    frames: text?.match(/^#\d+ /gm)?.length ?? 0,
    stopped: /^Backtrace stopped: (.*)$/m.exec(text ?? '')?.[1],
  }
}

/** gdb's text of the frames before that level. */
export function textBefore(text: string | undefined, level: number): string | undefined {
  const at = text?.search(new RegExp(`^#${level} `, 'm')) ?? -1
  return at === -1 ? text : text?.slice(0, at).trimEnd()
}

/** The text of a thread's frames: gdb's, with all values, else what is known without it. */
export function framesText(
  { text, plain, frames }: {
    readonly text: string | undefined
    /** Lines of a plain backtrace, by level. */
    readonly plain?: readonly string[]
    readonly frames: readonly FrameFacts[]
  },
): string {
  return inOrder(withWholePlaces(text ?? '', frames)) ||
    frames.flatMap((frame, index) =>
      frameLines({ ...frame, isOuter: frames[index - 1]?.kind === 'inline' }, plain?.[frame.level])
    ).join('\n')
}

/** Names of that kind that are looked for. */
const MAX_BROKEN = 64

/** gdb breaks a frame's line where the name of a source file or module has a line end: a frame is one line. */
function withWholePlaces(text: string, frames: readonly FrameFacts[]): string {
  const files = new Set(frames.map(({ file }) => file ?? ''))
  const paths = new Set(frames.map(({ module }) => module?.module.path ?? ''))
  const isBroken = (name: string) => /[\r\n]/.test(name)
  const places = [
    ...[...files].filter(isBroken).map((name) => ` at ${name}`),
    ...[...paths].filter(isBroken).map((name) => ` from ${name}`),
  ]
  return places.slice(0, MAX_BROKEN)
    .reduce((whole, place) => whole.replaceAll(visible(place), () => onOneLine(place)), text)
}

/** gdb counts its frames from 0: whatever else begins as one, or as a thread, is a part of some name, and indented. */
function inOrder(text: string): string {
  let frames = 0
  return text.split('\n').map((line) => {
    if (!/^(#|Thread)/.test(line)) return line
    if (!line.startsWith(`#${frames} `)) return ` ${line}`
    frames++
    return line
  }).join('\n')
}

/** As gdb would write them; `(...)` for arguments that are not known. */
function frameLines(frame: ShownFrame, plain: string | undefined): string[] {
  if (!frame.hasValues || frame.kind === 'signal-handler') return [plain ?? frameLine(frame)]
  const locals = frame.locals.map(({ name, value }) => onOneLine(`        ${name} = ${value}`))
  if (frame.file === undefined && locals.length === 0) return [frameLine(frame), 'No symbol table info available.']
  return [frameLine(frame), ...(locals.length === 0 ? ['No locals.'] : locals)]
}

function frameLine(frame: ShownFrame): string {
  const level = `${`#${frame.level}`.padEnd(3)} `
  if (frame.kind === 'signal-handler') return `${level}<signal handler called>`
  const address = `0x${frame.pc.toString(16).padStart(16, '0')} in `
  const place = frame.file === undefined
    ? (frame.module === undefined ? '' : ` from ${frame.module.module.path}`)
    : ` at ${frame.file}${frame.line === undefined ? '' : `:${frame.line}`}`
  const values = frame.hasValues ? frame.arguments.map(({ name, value }) => `${name}=${value}`).join(', ') : '...'
  return onOneLine(`${level}${frame.isOuter ? '' : address}${frame.function ?? '??'} (${values})${place}`)
}

/**
 * gdb's text without what its readers trip over: warnings (ABRT's parser then finds no frame), the root's prefix before
 * file names, characters that would not be seen, trailing blank lines. LF only.
 */
export function fitText(text: string): string {
  return visible(withoutWarnings(text.replace(/\r\n/g, '\n')).replace(FROM_SYSROOT, '$1 from $2'))
}

function visible(text: string): string {
  return escapeText(text.replace(/\r\n/g, '\n'), { keep: '\t\n' }).trimEnd()
}

/** gdb warns while it prints a value, too: in the middle of its line, which goes on behind the warning's line. */
function withoutWarnings(text: string): string {
  if (!text.includes('warning:')) return text
  let out = ''
  for (const line of text.split(/(?<=\n)/)) {
    const at = line.indexOf('warning: ')
    const isOutside = at >= 0 && !isInString(line.slice(0, at))
    out += line.startsWith('warning:') ? '' : isOutside ? line.slice(0, at) : line
  }
  return out
}

/** Whether a string of the program is open at the end: that one is its own. */
function isInString(line: string): boolean {
  return (line.replace(/\\.|'"'/g, '').match(/"/g)?.length ?? 0) % 2 === 1
}

const FROM_SYSROOT = new RegExp(`^(#.*) from ${INSIDE.sysroot}(/.*)$`, 'gm')

/**
 * Names of files, values and command lines are strangers' words: a line feed in one is shown, and begins no line. What gdb
 * warns of is not among them: `warning:` is one of their words.
 */
export function onOneLine(text: string): string {
  return escapeText(visible(text), { keep: '\t' })
}

/** Indents what would read as a frame, a thread or a warning. */
export function harmless(text: string): string {
  return visible(text).split('\n').map((line) => (/^(#|Thread|warning:)/.test(line) ? ` ${line}` : line)).join('\n')
}

/** The same of what gdb printed, in which warnings are its own. */
export function harmlessOfGdb(text: string | undefined): string {
  return harmless(fitText(text ?? ''))
}
