/**
 * A thread's frames. What is not certain looks different and says why: guessed frames, those without symbols, values that the
 * core does not hold. Pure.
 */
import type { JSX } from 'hono/jsx/jsx-runtime'
import type { Range } from '../backtrace/parts.ts'
import type { Frame, Thread, Trust, Variable } from '../backtrace/thread.ts'
import { count } from '../text/count.ts'
import { line, shown } from './shell.tsx'

/** Frames that are shown at once. */
export const FRAMES_AT_ONCE = 100
/** Of a value; all of it is in the text. */
const MAX_VALUE = 2000
const MAX_SHORT = 120
/** Values of a frame. */
const MAX_VARIABLES = 200

const TRUSTS: Readonly<Record<Trust, { word: string; why: string } | undefined>> = {
  'exact': undefined,
  'by-path': {
    word: 'by name',
    why: 'The core names no build-id of this module: its file was found by its name, and may be another one.',
  },
  'no-symbols': {
    word: 'no symbols',
    why: 'There is no debuginfo for this module, or none that can be read.',
  },
  'guessed': {
    word: 'guessed',
    why: 'Found through a frame whose module is missing or says not how to unwind it: it may not have been called.',
  },
}
/** Maps: a stranger's word finds nothing in them that an object has by itself (`constructor`). */
const KINDS: ReadonlyMap<string, string> = new Map([
  ['inline', 'inlined'],
  ['signal-handler', 'signal handler'],
  ['dummy', 'called by the debugger'],
  ['tail-call', 'tail call'],
])
const ROLES: ReadonlyMap<string, string> = new Map([
  ['interpreter', "interpreter's loop"],
  ['jit', 'made by an interpreter'],
  ['runtime', 'of an interpreter'],
])

export interface FramesProps {
  readonly id: string
  readonly thread: Thread
  /** Where the thread lies in the file: the address of its further frames. */
  readonly range: Range
  /** Index of the first frame that is shown. */
  readonly from: number
}

/** A part of a thread, with a link to the next one. */
export function Frames({ id, thread, range, from }: FramesProps): JSX.Element {
  const frames = thread.frames.slice(from, from + FRAMES_AT_ONCE)
  const next = from + frames.length
  const left = thread.frames.length - next
  return (
    <div class='stack' data-stack>
      {from === 0 && <Lost thread={thread} />}
      <ol class='frames' start={from}>
        {frames.map((frame) => <FrameItem frame={frame} />)}
      </ol>
      {left > 0 && (
        <p class='more'>
          <a data-more href={`${id}?thread=${range.start}-${range.end}&from=${next}`}>
            Show the next {Math.min(left, FRAMES_AT_ONCE)} of {thread.frames.length} frames
          </a>
        </p>
      )}
      {left <= 0 && <End thread={thread} />}
    </div>
  )
}

function Lost({ thread }: { thread: Thread }) {
  const { isStackMissing, lost, framesWithoutValues } = thread
  const said = [
    ...(isStackMissing ? ["The core does not hold this thread's stack: what follows comes from its registers."] : []),
    ...lost.map(({ part, why }) =>
      `${part === 'values' ? 'Values are missing' : 'Frames are missing behind the last one'}: ${why}`
    ),
    ...(framesWithoutValues > 0
      ? [`The values of its last ${count(framesWithoutValues, 'frame')} are in the text only.`]
      : []),
  ]
  return <>{said.map((sentence) => <p class='notice'>{line(sentence)}</p>)}</>
}

function End({ thread: { stopped, hasMore } }: { thread: Thread }) {
  return (
    <>
      {stopped !== undefined && <p class='notice'>The stack ends here: {line(stopped)}</p>}
      {hasMore && <p class='notice'>There are more frames than the server asks for.</p>}
    </>
  )
}

function FrameItem({ frame }: { frame: Frame }) {
  const trust = TRUSTS[frame.trust]
  const module = frame.path?.slice(frame.path.lastIndexOf('/') + 1)
  const words = [KINDS.get(frame.kind), frame.role === undefined ? undefined : ROLES.get(frame.role)]
  return (
    <li class={`frame ${frame.trust}`} value={frame.level}>
      <div class='call'>
        <span class='level' aria-hidden='true'>#{frame.level}</span>
        <span>
          <b class='function'>{line(frame.function ?? `${frame.address ?? '??'}`, 1000)}</b>
          {frame.function !== undefined && <Arguments of={frame.arguments} />}
          <Place frame={frame} />
        </span>
      </div>
      <div class='tags'>
        {module !== undefined && (
          <span class='module' title={line(frame.path ?? '')}>
            {line(module, 100)}
            {frame.function === undefined && frame.offset !== undefined ? `+${frame.offset}` : ''}
          </span>
        )}
        {words.map((word) => word !== undefined && <span class='tag'>{word}</span>)}
        {trust && <span class={`tag trust ${frame.trust}`} title={trust.why}>{trust.word}</span>}
        <Locals of={frame.locals} />
      </div>
    </li>
  )
}

function Arguments({ of }: { of: readonly Variable[] }) {
  return (
    <span class='arguments'>
      ({of.slice(0, 32).map((each, index) => (
        <>
          {index > 0 && ', '}
          <span class='name'>{line(each.name, 100)}</span>=<Value of={each} length={MAX_SHORT} />
        </>
      ))}
      {of.length > 32 && ', ...'})
    </span>
  )
}

function Value({ of: { value, state }, length }: { of: Variable; length: number }) {
  if (state === 'optimized-out') return <i class='gone'>optimized out</i>
  if (state === 'unavailable') return <i class='gone'>{line(value, length) || 'not in the core'}</i>
  return <span class='value'>{line(value, length)}{state === 'cut' && value.length <= length ? '…' : ''}</span>
}

function Place({ frame: { file, line: number, sourceUrl } }: { frame: Frame }) {
  if (file === undefined) return null
  const place = `${line(file, 300)}${number === undefined ? '' : `:${number}`}`
  return (
    <span class='place'>
      {' '}at {sourceUrl === undefined ? place : <a href={sourceUrl} rel='noreferrer'>{place}</a>}
    </span>
  )
}

function Locals({ of }: { of: readonly Variable[] }) {
  if (of.length === 0) return null
  return (
    <details class='locals'>
      <summary>{count(of.length, 'local')}</summary>
      <table>
        <tbody>
          {of.slice(0, MAX_VARIABLES).map((each) => (
            <tr>
              <th scope='row'>{line(each.name, 200)}</th>
              <td class='type'>{line(each.type ?? '', 200)}</td>
              <td class='wide'>
                {each.state === 'whole' || each.state === 'cut'
                  ? <span class='value'>{shown(each.value, MAX_VALUE)}{each.state === 'cut' ? '…' : ''}</span>
                  : <Value of={each} length={MAX_VALUE} />}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {of.length > MAX_VARIABLES && <p class='quiet'>{of.length - MAX_VARIABLES} more are in the text.</p>}
    </details>
  )
}

/** What the looks of frames mean, where some need to be told. */
export function Legend({ trusts }: { trusts: ReadonlySet<Trust> }): JSX.Element | null {
  const told = [...trusts].flatMap((each) => TRUSTS[each] ?? [])
  if (told.length === 0) return null
  return (
    <dl class='legend'>
      {told.map(({ word, why }) => (
        <>
          <dt>{word}</dt>
          <dd>{why}</dd>
        </>
      ))}
    </dl>
  )
}
