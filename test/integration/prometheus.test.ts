/** What Prometheus gets from us, judged by its own tool: the metrics of a server, the alert rules and their tests. */
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installationRoot } from '../../src/program/program.ts'
import { type Folder, temporaryFolder } from '../helpers/folder.ts'
import { fetchPromtool } from '../helpers/promtool.ts'
import { startServer } from '../helpers/server.ts'
import { createTask, endOf, scriptedWorker, SUCCEED } from '../helpers/task.ts'

const RULES = join(installationRoot(), 'ops', 'prometheus')
const DASHBOARD = join(installationRoot(), 'ops', 'grafana', 'retrace.json')

let folder: Folder
let promtool: string
let metrics: string
beforeAll(async () => {
  folder = await temporaryFolder()
  promtool = fetchPromtool(folder)
  await using server = await startServer({ workerCommand: scriptedWorker(folder, SUCCEED) })
  await endOf(server, await createTask(server))
  metrics = await server.program.services.metrics.registry.metrics()
}, 120_000)
afterAll(async () => await folder[Symbol.asyncDispose]())

describe('Prometheus', () => {
  it('finds nothing to complain about in the metrics', () => {
    const { status, stderr } = spawnSync(promtool, ['check', 'metrics'], { input: metrics, encoding: 'utf8' })
    expect([status, stderr]).toEqual([0, ''])
  })

  it('accepts the alert rules, and their tests pass', () => {
    expect(execFileSync(promtool, ['check', 'rules', join(RULES, 'retrace.rules.yml')], { encoding: 'utf8' }))
      .toMatch(/SUCCESS: \d+ rules found/)
    const tested = spawnSync(promtool, ['test', 'rules', join(RULES, 'retrace.rules.test.yml')], { encoding: 'utf8' })
    expect(`${tested.stdout}${tested.stderr}`).toContain('SUCCESS')
    expect(tested.status).toBe(0)
  })

  it('every rule and every panel asks for metrics that the server has', () => {
    const known = new Set(
      [...metrics.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = '', type]) =>
        type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name]
      ),
    )
    const asked = [join(RULES, 'retrace.rules.yml'), DASHBOARD].map((file) => readFileSync(file, 'utf8')).join('\n')
    const names = new Set(asked.match(/\b(retrace|nodejs|process)_[a-z0-9_]+/g))
    expect(names.size).toBeGreaterThan(10)
    expect([...names].filter((name) => !known.has(name))).toEqual([])
  })
})
