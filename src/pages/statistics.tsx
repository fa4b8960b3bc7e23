/** GET /stats for people: each plot with the table that it is drawn from. Pure, but for the plots. */
import { raw } from 'hono/html'
import type { JSX } from 'hono/jsx/jsx-runtime'
import { count } from '../text/count.ts'
import { PERIODS, SPANS, type Statistics } from '../statistics/shape.ts'
import { lyingBars, stackedBars } from './plot.ts'
import { line, page, type Site } from './shell.tsx'

export type Shown = Statistics & {
  readonly queue: { readonly running: number; readonly queued: number; readonly uploading: number }
}

/** Outcomes that have a colour of their own; the rest is one. */
const SERIES = 5
const REST = 'others'
const BARS = 12

export async function statisticsPage(site: Site, shown: Shown): Promise<string> {
  const series = seriesOf(shown.outcomes)
  const plots = shown.tasks === 0 ? undefined : {
    tasks: await stackedBars(
      shown.periods.flatMap(({ start, outcomes }) => {
        const rest = Object.entries(outcomes).filter(([name]) => !series.includes(name) || name === REST)
          .reduce((sum, [, tasks]) => sum + tasks, 0)
        return series.map((name) => ({
          period: periodName(start, shown.days),
          series: name,
          value: name === REST ? rest : outcomes[name] ?? 0,
        }))
      }),
      series,
    ),
    releases: await lyingBars(bars(shown.releases, 'release'), { format: '~s' }),
    packages: await lyingBars(bars(shown.packages, 'package'), { format: '~s' }),
    steps: await lyingBars(shown.steps.map(({ step, p90 }) => ({ name: step, value: p90 })), { format: '~r' }),
  }
  return page({
    site,
    title: 'Statistics',
    current: 'stats',
    children: (
      <>
        <h1>Statistics</h1>
        <Filter {...shown} />
        <Tiles {...shown} />
        {shown.tasks === 0 && <p class='notice'>No task ended in this time that could be shown.</p>}
        <div class='plots'>
          <Part id='tasks' title={`Tasks by ${shown.by}`} svg={plots?.tasks}>
            <Periods {...shown} />
          </Part>
          <Part id='times' title='Seconds for each step, nine of ten tasks' svg={plots?.steps}>
            <Steps {...shown} />
          </Part>
          <Part id='releases' title='Releases' svg={plots?.releases}>
            <Counts rows={shown.releases.map(({ release, tasks }) => [release, tasks])} head='Release' />
          </Part>
          <Part id='packages' title='Packages that crash most' svg={plots?.packages}>
            <Counts rows={shown.packages.map(({ package: name, tasks }) => [name, tasks])} head='Package' />
          </Part>
        </div>
        <Crashes {...shown} />
        <Missing {...shown} />
        <Disk {...shown} />
      </>
    ),
  })
}

/** Short, but never the same for two: of more than a year the year is said, too. */
export function periodName(start: string, days: number): string {
  return days > 300 ? start : start.slice(5)
}

/** The most frequent outcomes, and one for the others where there are more. */
function seriesOf(outcomes: Shown['outcomes']): string[] {
  const names = Object.keys(outcomes).filter((name) => name !== REST)
  const isAll = names.length <= SERIES && !(REST in outcomes)
  return isAll ? names : [...names.slice(0, SERIES), REST]
}

function bars<Key extends string>(rows: readonly (Record<Key, string> & { tasks: number })[], key: Key) {
  return rows.slice(0, BARS).map((row) => ({ name: line(row[key], 60), value: row.tasks }))
}

function Filter({ by, days, release, package: name, releases, packages }: Shown) {
  const all = [...new Set([...(release === null ? [] : [release]), ...releases.map((each) => each.release)])]
  const names = [...new Set([...(name === null ? [] : [name]), ...packages.slice(0, 100).map((each) => each.package)])]
  return (
    <form class='filter' method='get' action='stats'>
      <Choice id='by' label='By' options={[...PERIODS]} chosen={by} />
      <Choice id='days' label='Days' options={SPANS.map(String)} chosen={String(days)} />
      <Choice
        id='release'
        label='Release'
        options={['', ...all.filter((each) => each !== REST)]}
        chosen={release ?? ''}
      />
      <Choice
        id='package'
        label='Package'
        options={['', ...names.filter((each) => each !== REST)]}
        chosen={name ?? ''}
      />
      <button type='submit'>Show</button>
    </form>
  )
}

function Choice({ id, label, options, chosen }: { id: string; label: string; options: string[]; chosen: string }) {
  return (
    <label for={id}>
      {label}
      <select id={id} name={id}>
        {options.map((each) => (
          <option value={each} selected={each === chosen}>{each === '' ? 'all' : line(each, 80)}</option>
        ))}
      </select>
    </label>
  )
}

function Tiles({ tasks, outcomes, queue, supply }: Shown) {
  const good = (outcomes.ok ?? 0) + (outcomes['ok-partial'] ?? 0)
  const used = supply.here + supply.fetched
  return (
    <ul class='tiles'>
      <li>
        <b>{tasks}</b> {tasks === 1 ? 'task' : 'tasks'}
      </li>
      <li>
        <b>{percent(good, tasks)}</b> with a backtrace
      </li>
      <li>
        <b>{percent(supply.here, used)}</b> of packages were here
      </li>
      <li>
        <b>{queue.running}</b> running, {queue.queued} waiting
      </li>
    </ul>
  )
}

function percent(part: number, of: number): string {
  return of === 0 ? '–' : `${Math.round(100 * part / of)} %`
}

function Part(
  { id, title, svg, children }: { id: string; title: string; svg: string | undefined; children: JSX.Element },
) {
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {svg !== undefined && <figure>{raw(svg)}</figure>}
      <details open={svg === undefined}>
        <summary>As a table</summary>
        <div class='scroll' tabindex={0} role='region' aria-label={`${title}, as a table`}>{children}</div>
      </details>
    </section>
  )
}

function Table(
  { heads, rows, numbers }: {
    heads: readonly string[]
    rows: readonly (readonly (string | number)[])[]
    numbers: number
  },
) {
  const isNumber = (index: number) => index >= heads.length - numbers
  return (
    <table>
      <thead>
        <tr>
          {heads.map((head, index) => <th scope='col' class={isNumber(index) ? 'number' : undefined}>{head}</th>)}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr>
            {row.map((cell, index) => <td class={isNumber(index) ? 'number' : undefined}>{line(String(cell), 500)}
            </td>)}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Periods({ periods, outcomes, by }: Shown) {
  const names = Object.keys(outcomes)
  const rows = periods.map(({ start, tasks, outcomes: of }) => [start, tasks, ...names.map((name) => of[name] ?? 0)])
  return (
    <Table
      heads={[by === 'day' ? 'Day' : 'Week of', 'Tasks', ...names]}
      rows={rows.toReversed()}
      numbers={names.length + 1}
    />
  )
}

function Steps({ steps }: Shown) {
  return (
    <Table
      heads={['Step', 'Tasks', 'Half', 'Nine of ten', '99 of 100']}
      rows={steps.map(({ step, times, p50, p90, p99 }) => [step, times, p50, p90, p99])}
      numbers={4}
    />
  )
}

function Counts({ rows, head }: { rows: [string, number][]; head: string }) {
  return <Table heads={[head, 'Tasks']} rows={rows} numbers={1} />
}

function Crashes({ crashes }: Shown) {
  if (crashes.length === 0) return null
  return (
    <section aria-labelledby='crashes'>
      <h2 id='crashes'>What crashes most</h2>
      <div class='scroll' tabindex={0} role='region' aria-label='Crashes'>
        <Table
          heads={['What happened', 'Package', 'Releases', 'Signature', 'Tasks']}
          rows={crashes.map(({ sentence, package: name, releases, signature, tasks }) => [
            sentence ?? 'not known any more',
            name,
            releases.join(', '),
            signature,
            tasks,
          ])}
          numbers={1}
        />
      </div>
    </section>
  )
}

function Missing({ missing }: Shown) {
  if (missing.length === 0) return null
  return (
    <section aria-labelledby='missing'>
      <h2 id='missing'>What the mirror lacks</h2>
      <p class='quiet'>Files that tasks missed, the most frequent first: what to mirror next.</p>
      <div class='scroll' tabindex={0} role='region' aria-label='Missing files'>
        <Table
          heads={['File', 'Status', 'Package', 'Release', 'Build-id', 'Tasks']}
          rows={missing.map((row) => [row.file, row.status, row.package, row.release, row.build_id, row.times])}
          numbers={1}
        />
      </div>
    </section>
  )
}

function Disk({ disk }: Shown) {
  if (disk.length === 0) return null
  return (
    <section aria-labelledby='disk'>
      <h2 id='disk'>Kept files</h2>
      <div class='scroll' tabindex={0} role='region' aria-label='Kept files'>
        <Table
          heads={['Release', 'Packages', 'Size']}
          rows={disk.map((
            { release, packages, bytes },
          ) => [release, count(packages, 'package'), `${(bytes / 2 ** 20).toFixed(1)} MB`])}
          numbers={2}
        />
      </div>
    </section>
  )
}
