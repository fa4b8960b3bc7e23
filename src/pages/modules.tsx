/** Which files were loaded, and what is known of each; registers, and the instructions around the crash. Pure. */
import type { JSX } from 'hono/jsx/jsx-runtime'
import type { BacktraceReport, Module } from '../backtrace/report.ts'
import { line, shown } from './shell.tsx'

const MAX_MODULES = 500

/** A map: a stranger's word finds nothing in it that an object has by itself. */
const STATUSES: ReadonlyMap<string, { word: string; why: string; isGood: boolean }> = new Map([
  ['exact', { word: 'complete', why: 'Its file and debuginfo are those that ran, by the build-id.', isGood: true }],
  ['by-path', { word: 'by name', why: 'The core has no build-id of it: it was found by its path.', isGood: true }],
  ['mismatch', {
    word: 'another build',
    why: 'Only files with another build-id are known; they were not used.',
    isGood: false,
  }],
  ['missing', { word: 'missing', why: 'No package that is known here holds it.', isGood: false }],
  ['no-debuginfo', { word: 'no debuginfo', why: 'Its file is here, its debuginfo is not.', isGood: false }],
  ['not-applicable', { word: 'part of the kernel', why: 'No package holds it.', isGood: true }],
])

export function Modules({ modules }: { modules: readonly Module[] }): JSX.Element {
  const sorted = modules.toSorted((a, b) => Number(isGood(a)) - Number(isGood(b)))
  return (
    <section aria-labelledby='modules'>
      <h2 id='modules'>Modules</h2>
      <div class='scroll' tabindex={0} role='region' aria-label='Table of modules'>
        <table>
          <thead>
            <tr>
              <th scope='col'>Module</th>
              <th scope='col'>Status</th>
              <th scope='col'>Package</th>
              <th scope='col'>Build-id</th>
            </tr>
          </thead>
          <tbody>{sorted.slice(0, MAX_MODULES).map((module) => <ModuleRow module={module} />)}</tbody>
        </table>
      </div>
      {sorted.length > MAX_MODULES && <p class='quiet'>{sorted.length - MAX_MODULES} more are in the JSON.</p>}
    </section>
  )
}

function isGood({ status, damage }: Module): boolean {
  return damage === undefined && (STATUSES.get(status)?.isGood ?? false)
}

function ModuleRow({ module }: { module: Module }) {
  const { path, status, package: name, debugPackage, buildId, tried, damage, missingDwz, isDeleted } = module
  const said = STATUSES.get(status)
  const reasons = [
    ...(isGood(module) && missingDwz === undefined ? [] : [said?.why]),
    damage,
    missingDwz === undefined ? undefined : `The file that its debuginfo shares (dwz, ${missingDwz}) is missing.`,
    isDeleted ? 'It had been deleted or replaced while it ran.' : undefined,
    tried.length > 0 && !isGood(module) ? `Tried: ${tried.slice(0, 5).join('; ')}` : undefined,
  ].filter((reason) => reason !== undefined)
  return (
    <tr>
      <th scope='row' class='path'>{line(path, 300)}</th>
      <td>
        <span class={`tag ${isGood(module) ? 'good' : 'bad'}`}>{said?.word ?? line(status, 40)}</span>
        {reasons.map((reason) => <p class='quiet'>{line(reason, 500)}</p>)}
      </td>
      <td>
        {name === undefined ? '' : line(name, 200)}
        {debugPackage !== undefined && debugPackage !== name && <p class='quiet'>{line(debugPackage, 200)}</p>}
      </td>
      <td class='build-id'>{buildId === undefined ? '' : line(buildId, 64)}</td>
    </tr>
  )
}

export function Machine(
  { registers, instructions }: Pick<BacktraceReport, 'registers' | 'instructions'>,
): JSX.Element | null {
  if (registers.length === 0 && instructions.length === 0) return null
  return (
    <section class='machine' aria-labelledby='machine'>
      <h2 id='machine'>Machine</h2>
      <div class='columns'>
        {instructions.length > 0 && (
          <div>
            <h3 id='instructions'>Instructions</h3>
            <pre role='group' tabindex={0} aria-labelledby='instructions'>
              {instructions.map((each) =>
                each.startsWith('=>') ? <mark>{`${shown(each, 300)}\n`}</mark> : `${shown(each, 300)}\n`
              )}
            </pre>
          </div>
        )}
        {registers.length > 0 && (
          <details>
            <summary>{registers.length} registers of the crashed thread</summary>
            <dl class='registers'>
              {registers.map(([name, value]) => (
                <div>
                  <dt>{line(name, 40)}</dt>
                  <dd>{line(value, 80)}</dd>
                </div>
              ))}
            </dl>
          </details>
        )}
      </div>
    </section>
  )
}
