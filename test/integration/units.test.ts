/** Sandboxes under what our systemd units forbid: what works by hand has to work as a service, too. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execPath, getuid } from 'node:process'
import { describe, expect, it } from 'vitest'
import { readConfig } from '../../src/config/config.ts'
import { placesToGoOn } from '../../src/runner/places.ts'
import { installationRoot } from '../../src/program/program.ts'
import { MAX_PROCESSES } from '../../workers/retrace/sandbox/arguments.ts'
import { runAsService, unitSettings } from '../helpers/unit_restrictions.ts'

const dist = `file://${join(installationRoot(), 'dist')}`

/** Decompresses a stream, as uploads and indices are, and talks to a debugger, as a task does. */
const SCRIPT = `
  const { decode } = await import('${dist}/src/decoder/decode.js')
  const { decoderSandbox } = await import('${dist}/src/decoder/decoder.js')
  const { emptySession } = await import('${dist}/test/helpers/retrace.js')
  /* 'ok', packed. */
  async function* packed() { yield Buffer.from('/Td6WFoAAAFpIt42AgAhAQwAAACPmEGcAQACb2sKAAB9DhbaAAEXAwdgDLyQQpkNAQAAAAABWVo=', 'base64') }
  try {
    for await (const text of decode(packed(), decoderSandbox('xz'))) console.log(String(text))
  } catch (error) { console.log(error.message) }
  const session = await emptySession()
  const { kind, end } = await session.command('-gdb-version', 30_000)
  console.log(kind, end?.detail ?? '')
  await session.close()`

it('the unit of the server has room for all processes of as many tasks as run at once where nobody set that', () => {
  const unit = unitSettings(join(installationRoot(), 'ops', 'systemd', 'abrt-retrace-server.service'))
  const { maxRunningTasks } = readConfig(['abrt-retrace-server'], {})
  const workers = maxRunningTasks + placesToGoOn(maxRunningTasks)
  expect(Number(unit.get('TasksMax'))).toBeGreaterThan(workers * (MAX_PROCESSES + 64))
})

it('the containers have room for as many processes as the units, wherever it is said how they are started', () => {
  const ops = join(installationRoot(), 'ops')
  const composed = readFileSync(join(ops, 'container', 'compose.yaml'), 'utf8')
  const limits = [...composed.matchAll(/^ {4}command: \[(\w+)\]$(?:\n {4}.*)*?\n {4}pids_limit: (\d+)$/gm)]
    .map(([, name, limit]) => [name, limit])
  const units = [['server', 'abrt-retrace-server'], ['reposync', 'abrt-reposync'], ['clean', 'abrt-retrace-clean']]
    .map(([name, unit]) => [name, unitSettings(join(ops, 'systemd', `${unit}.service`)).get('TasksMax')])
  expect(limits).toEqual(units)
  const said = readFileSync(join(installationRoot(), 'docs', 'container.md'), 'utf8')
  expect(said).toContain(`--pids-limit ${units[0]?.[1]} `)
})

describe.each(['abrt-retrace-server', 'abrt-reposync'])('under what %s.service forbids', (name) => {
  const unit = unitSettings(join(installationRoot(), 'ops', 'systemd', `${name}.service`))

  it.skipIf(getuid?.() !== 0)('streams are decompressed and a debugger answers, each in its sandbox', () => {
    const { stdout, stderr } = runAsService(unit, [execPath, '--input-type=module', '-e', SCRIPT])
    expect({ stdout, stderr }).toEqual({ stdout: 'ok\n\ndone \n', stderr: '' })
  })

  it.skipIf(getuid?.() !== 0).each([
    ['ProtectKernelTunables', 'max_user_namespaces'],
    ['ProtectHostname', 'hostname'],
    ['SystemCallFilter', 'No permissions|Operation not permitted'],
  ])('no sandbox could be made if %s were stricter, so that the test above can fail', (key, reason) => {
    const stricter = new Map(unit).set(key, key === 'SystemCallFilter' ? '@system-service' : 'yes')
    const { stdout } = runAsService(stricter, [execPath, '--input-type=module', '-e', SCRIPT])
    expect(stdout).toMatch(new RegExp(`^(The sandbox of xz does not work: bwrap|Users for sandboxes).*: .*(${reason})`))
  })
})
