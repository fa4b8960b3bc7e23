/** The threads beside the crashed one: equal stacks once, each opened when somebody asks. Pure. */
import type { JSX } from 'hono/jsx/jsx-runtime'
import type { Group } from '../backtrace/file.ts'
import type { Range } from '../backtrace/parts.ts'
import type { Thread } from '../backtrace/thread.ts'
import { count } from '../text/count.ts'
import { Frames } from './frames.tsx'
import { line, page, type Site } from './shell.tsx'

/** Groups that are listed at once. */
export const GROUPS_AT_ONCE = 100
const MAX_NAMED = 20

export interface ThreadsProps {
  readonly id: string
  readonly groups: readonly Group[]
  /** Index of the first group that is shown. */
  readonly from: number
}

export function OtherThreads({ id, groups, from }: ThreadsProps): JSX.Element {
  const next = from + GROUPS_AT_ONCE
  return (
    <div data-stack>
      {groups.slice(from, next).map((group) => <GroupItem id={id} group={group} />)}
      {next < groups.length && (
        <p class='more'>
          <a data-more href={`${id}?stacks=${next}`}>
            Show the next {Math.min(GROUPS_AT_ONCE, groups.length - next)} of {groups.length} stacks
          </a>
        </p>
      )}
    </div>
  )
}

function GroupItem({ id, group }: { id: string; group: Group }) {
  const { range, number, lwp, functions, frames, others, times, thread } = group
  const named = others.slice(0, MAX_NAMED)
  return (
    <details class='thread'>
      <summary>
        <span class='who'>
          Thread {number} <span class='quiet'>LWP {lwp}</span>
        </span>
        {times > 1 && <span class='tag'>{count(times, 'thread')}</span>}{' '}
        <span class='path'>{functions.map((name) => line(name, 60)).join(' ← ') || 'no frames'}</span>
      </summary>
      {times > 1 && (
        <p class='quiet'>
          The same stack: threads {[number, ...named].join(', ')}
          {times > named.length + 1 ? ` and ${times - named.length - 1} more` : ''}
        </p>
      )}
      {thread !== undefined ? <Frames id={id} thread={thread} range={range} from={0} /> : (
        <>
          <p class='more'>
            <a data-more data-now href={`${id}?thread=${range.start}-${range.end}`}>
              Show its {count(frames, 'frame')}
            </a>
          </p>
          <p class='printed'>Its {count(frames, 'frame')} are in the text.</p>
        </>
      )}
    </details>
  )
}

export interface ThreadPageProps {
  readonly id: string
  readonly thread: Thread
  readonly range: Range
  readonly from: number
}

/** A part of one thread: what a script takes frames from, and who has none reads. */
export function threadPage(site: Site, props: ThreadPageProps): string {
  const { id, thread } = props
  return page({
    site,
    title: `Task ${id}, thread ${thread.number}`,
    children: (
      <>
        <h1>Thread {thread.number} of task {id}</h1>
        <p>
          <a href={id}>Back to the task</a> <span class='quiet'>LWP {thread.lwp}</span>
        </p>
        <Frames {...props} />
      </>
    ),
  })
}

/** A part of the list of other threads. */
export function threadsPage(site: Site, props: ThreadsProps): string {
  return page({
    site,
    title: `Task ${props.id}, threads`,
    children: (
      <>
        <h1>Threads of task {props.id}</h1>
        <p>
          <a href={props.id}>Back to the task</a>
        </p>
        <OtherThreads {...props} />
      </>
    ),
  })
}
