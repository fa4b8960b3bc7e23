/** The page of a task that has ended: what happened, what to do, and the stacks. Pure. */
import type { Backtrace } from '../backtrace/file.ts'
import type { Trust } from '../backtrace/thread.ts'
import { count } from '../text/count.ts'
import { Frames, Legend } from './frames.tsx'
import { LanguageStacks } from './languages.tsx'
import { Machine, Modules } from './modules.tsx'
import { line, page, shown, type Site } from './shell.tsx'
import { TaskActions } from './task_head.tsx'
import { OtherThreads } from './threads.tsx'

export interface Outcome {
  readonly code: string
  readonly summary: string
  readonly nextStep: string | undefined
}

export interface ResultProps {
  readonly id: string
  readonly password: string
  readonly script: string | undefined
  readonly isSuccess: boolean
  readonly outcome: Outcome | undefined
  readonly crash:
    | {
      readonly sentence: string
      readonly update: string | undefined
      readonly signature: string | undefined
      readonly duphash: string | undefined
      readonly rating: number | undefined
      readonly seen: { readonly times: number; readonly releases: readonly string[] } | undefined
    }
    | undefined
  readonly finished: string | undefined
  /** Undefined where the worker left none. */
  readonly backtrace: Backtrace | undefined
  readonly hasMarkdown: boolean
  /** The last lines of the log of a task that failed. */
  readonly log: string | undefined
}

export function resultPage(site: Site, props: ResultProps): string {
  const { id, script, isSuccess, backtrace, log } = props
  return page({
    site,
    title: `Task ${id}: ${props.crash?.sentence ?? props.outcome?.summary ?? 'ended'}`,
    script,
    children: (
      <div id='task' data-id={id} data-state={isSuccess ? 'FINISHED_SUCCESS' : 'FINISHED_FAILURE'}>
        <Head {...props} />
        {backtrace !== undefined && <Stacks {...props} backtrace={backtrace} />}
        {log !== undefined && (
          <section aria-labelledby='log-title'>
            <h2 id='log-title'>The end of the log</h2>
            <pre class='log' role='group' tabindex={0} aria-label='Log'>{shown(log, 20_000)}</pre>
          </section>
        )}
      </div>
    ),
  })
}

function Head(props: ResultProps) {
  const { id, outcome, crash, isSuccess, backtrace } = props
  return (
    <>
      <div class='title-row'>
        <p class='quiet'>Task {id}{props.finished === undefined ? '' : `, ended ${props.finished}`}</p>
        <TaskActions {...props} isRunning={false} />
      </div>
      <h1 class='sentence'>{line(crash?.sentence ?? (isSuccess ? 'A backtrace' : 'There is no backtrace'))}</h1>
      {crash?.update !== undefined && <p class='notice good'>{line(crash.update)}</p>}
      {outcome !== undefined && (
        <p class={`notice ${outcome.code === 'ok' ? 'good' : isSuccess ? '' : 'bad'}`}>
          {line(outcome.summary)} {outcome.nextStep !== undefined && <b>{line(outcome.nextStep)}</b>}
        </p>
      )}
      {backtrace?.report.messages.map((message) => <blockquote>{shown(message, 2000)}</blockquote>)}
      <Downloads {...props} />
      <Facts {...props} />
    </>
  )
}

function Downloads({ id, isSuccess, hasMarkdown }: ResultProps) {
  return (
    <p class='actions downloads'>
      {isSuccess && (
        <>
          <button type='button' class='plain' data-fetch={`${id}/backtrace`} hidden>Copy as text</button>
          {hasMarkdown && (
            <button type='button' class='plain' data-fetch={`${id}/backtrace.md`} hidden>Copy as Markdown</button>
          )}
          <a href={`${id}/backtrace`} download={`backtrace-${id}.txt`}>Text</a>
          {hasMarkdown && <a href={`${id}/backtrace.md`} download={`backtrace-${id}.md`}>Markdown</a>}
          <a href={`${id}/backtrace.json`} download={`backtrace-${id}.json`}>JSON</a>
        </>
      )}
      <a href={`${id}/log`} download={`log-${id}.txt`}>Log</a>
    </p>
  )
}

function Facts({ crash, backtrace, outcome }: ResultProps) {
  const report = backtrace?.report
  const facts: [string, string | undefined][] = [
    ['Signal', report?.signal],
    ['Package', report?.package],
    ['Release', report?.release],
    ['To blame', [report?.blame?.package, report?.blame?.version].filter((word) => word).join(' ') || undefined],
    [
      'Update',
      report?.blame?.package && (report.blame.newer === undefined ? 'none is known here' : report.blame.newer),
    ],
    ['Command', report?.core.commandLine],
    ['Signature', crash?.signature ?? report?.signature.stable],
    ['ABRT duphash', crash?.duphash ?? report?.signature.duphash],
    ['Seen', seenText(crash?.seen)],
    ['Rating', ratingText(crash?.rating ?? report?.rating?.value, report?.rating)],
    ['Exploitable', report?.exploitable && `${report.exploitable.rating} of 9: ${report.exploitable.reason}`],
    ['Outcome', outcome?.code],
    ['Debugger', report?.debugger],
  ]
  return (
    <dl class='facts'>
      {facts.flatMap(([name, value]) =>
        value === undefined || value === '' ? [] : [<dt>{name}</dt>, <dd>{line(value, 500)}</dd>]
      )}
    </dl>
  )
}

function seenText(seen: { times: number; releases: readonly string[] } | undefined): string | undefined {
  return seen && `${count(seen.times, 'time')} on ${seen.releases.join(', ') || 'releases that nobody knows'}`
}

function ratingText(value: number | undefined, of: { reasons: readonly string[] } | undefined): string | undefined {
  if (value === undefined) return undefined
  const why = of?.reasons.slice(0, 2).join('; ')
  return `${value} of 4${why ? `: ${why}` : ''}`
}

function Stacks({ id, backtrace }: ResultProps & { backtrace: Backtrace }) {
  const { report, crashed, groups, unread } = backtrace
  const trusts = new Set<Trust>(crashed?.thread.frames.map(({ trust }) => trust))
  const hasLanguages = report.languages.some(({ missing, stacks }) =>
    missing !== undefined || stacks.some((each) => each.isCrashed)
  )
  return (
    <>
      {report.limits.map((sentence) => <p class='notice'>{line(sentence)}</p>)}
      {crashed !== undefined && (
        <section aria-labelledby='crashed'>
          <h2 id='crashed'>
            The crashed thread <span class='quiet'>{crashed.thread.number}, LWP {crashed.thread.lwp}</span>
          </h2>
          <div class={hasLanguages ? 'side-by-side' : ''}>
            <div>
              {hasLanguages && <h3>C</h3>}
              <Frames id={id} thread={crashed.thread} range={crashed.range} from={0} />
            </div>
            {hasLanguages && (
              <div>
                <LanguageStacks languages={report.languages} ofCrashed />
              </div>
            )}
          </div>
          <Legend trusts={trusts} />
        </section>
      )}
      {unread > 0 && (
        <p class='notice'>
          {count(unread, 'thread')} {unread === 1 ? 'is' : 'are'} left out of this page for size; the text has{' '}
          {unread === 1 ? 'it' : 'them'}.
        </p>
      )}
      {groups.length > 0 && (
        <section aria-labelledby='others'>
          <h2 id='others'>
            Other threads{' '}
            <span class='quiet'>
              {count(groups.reduce((sum, { times }) => sum + times, 0), 'thread')}, {count(groups.length, 'stack')}
            </span>
          </h2>
          <OtherThreads id={id} groups={groups} from={0} />
        </section>
      )}
      {report.languages.some(({ stacks }) => stacks.some((each) => !each.isCrashed)) && (
        <section aria-labelledby='languages'>
          <h2 id='languages'>Scripts in other threads</h2>
          <LanguageStacks languages={report.languages} ofCrashed={false} />
        </section>
      )}
      <Machine {...report} />
      <Modules modules={report.modules} />
    </>
  )
}
