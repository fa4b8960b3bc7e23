/** GET /openapi.json describes what the server really does: every route is in it, and real answers fit it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApp } from '../../../src/app.tsx'
import { designMembers, tarOf } from '../../helpers/archives.ts'
import type { Ask, Reply } from '../../helpers/client.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { startServer } from '../../helpers/server.ts'
import { type CreatedTask, createTask, endOf, scriptedWorker, SUCCEED } from '../../helpers/task.ts'

interface Schema {
  $ref?: string
  type?: string | string[]
  const?: unknown
  enum?: unknown[]
  anyOf?: Schema[]
  properties?: Record<string, Schema>
  required?: string[]
  pattern?: string
}
interface Operation {
  operationId: string
  parameters?: { name: string; in: string; required?: boolean }[]
  responses: Record<string, { description: string; headers?: object; content?: Record<string, { schema: Schema }> }>
}
interface Description {
  openapi: string
  info: { title: string; version: string }
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema> }
}

let folder: Folder
let server: Awaited<ReturnType<typeof startServer>>
let description: Description
let task: CreatedTask

beforeAll(async () => {
  folder = await temporaryFolder()
  server = await startServer({ workerCommand: scriptedWorker(folder, SUCCEED) })
  description = (await server.client.ask('/openapi.json')).json() as unknown as Description
  task = await createTask(server)
  await endOf(server, task)
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

it('the document is OpenAPI 3.1 with a title and unique operation ids', () => {
  expect(description.openapi).toMatch(/^3\.1\./)
  expect(description.info.title).not.toBe('')
  const ids = Object.values(description.paths).flatMap((path) =>
    Object.values(path).map(({ operationId }) => operationId)
  )
  expect(new Set(ids).size).toBe(ids.length)
})

it('the document has every route of the app, and no other', () => {
  const routes = createApp(server.program.services).routes
    .filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) =>
      `${method} ${
        path.replace(':id{[1-9][0-9]*}', '{id}').replace(':address', '{address}').replace(':name', '{name}')
      }`
    )
  const described = Object.entries(description.paths)
    .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`))
  expect(described.sort()).toEqual([...new Set(routes)].sort())
})

it('the document has no reference that leads nowhere', () => {
  const references = JSON.stringify(description).match(/"\$ref":"[^"]*"/g) ?? []
  expect(references.length).toBeGreaterThan(0)
  for (const reference of new Set(references)) {
    expect(description.components.schemas).toHaveProperty(reference.slice('"$ref":"#/components/schemas/'.length, -1))
  }
})

it('declares the password wherever a task is named', () => {
  for (const [path, methods] of Object.entries(description.paths)) {
    for (const { parameters = [] } of Object.values(methods)) {
      const names = parameters.map(({ name }) => name)
      expect([path, names.includes('X-Task-Password'), names.includes('id')])
        .toEqual([path, path.includes('{id}'), path.includes('{id}')])
    }
  }
})

/** What of a value does not fit a schema; undefined when all does. */
function misfit(value: unknown, schema: Schema, at = '$'): string | undefined {
  if (schema.$ref !== undefined) {
    return misfit(value, description.components.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? { enum: [] }, at)
  }
  if (schema.anyOf !== undefined) {
    return schema.anyOf.some((one) => misfit(value, one, at) === undefined) ? undefined : `${at} fits none of anyOf`
  }
  const type = value === null
    ? 'null'
    : Array.isArray(value)
    ? 'array'
    : Number.isInteger(value)
    ? 'integer'
    : typeof value
  const types = [schema.type ?? []].flat()
  const isRightType = types.length === 0 || types.includes(type) || (type === 'integer' && types.includes('number'))
  if (!isRightType) return `${at} is ${type}, not ${types}`
  if ('const' in schema && value !== schema.const) return `${at} is not ${schema.const}`
  if (schema.enum !== undefined && !schema.enum.includes(value)) return `${at} is none of ${schema.enum}`
  if (typeof value === 'string' && schema.pattern !== undefined && !new RegExp(schema.pattern).test(value)) {
    return `${at} does not match ${schema.pattern}`
  }
  if (type !== 'object') return undefined
  const missing = schema.required?.find((name) => !(name in (value as object)))
  if (missing !== undefined) return `${at} has no ${missing}`
  for (const [name, member] of Object.entries(value as object)) {
    const wrong = schema.properties?.[name] && misfit(member, schema.properties[name], `${at}.${name}`)
    if (wrong !== undefined) return wrong
  }
  return undefined
}

function expectToFit(reply: Reply, path: string, method: string): void {
  const operation = description.paths[path]?.[method.toLowerCase()]
  const response = operation?.responses[String(reply.status)]
  expect([`${method} ${path}`, reply.status, response !== undefined]).toEqual([`${method} ${path}`, reply.status, true])
  if (reply.body.length === 0) return
  const type = String(reply.headers['content-type']).split(';')[0] ?? ''
  expect(Object.keys(response?.content ?? {})).toContain(type)
  const schema = response?.content?.[type]?.schema ?? {}
  expect(misfit(type.endsWith('json') ? reply.json() : reply.text, schema)).toBeUndefined()
}

describe('real answers fit it', () => {
  const JSON_PLEASE = { headers: { Accept: 'application/json' } }
  const asks: [string, string, () => Ask, string?][] = [
    ['/', 'GET', () => ({})],
    ['/settings', 'GET', () => ({})],
    ['/checkpackage', 'GET', () => ({})],
    ['/checkpackage', 'GET', () => JSON_PLEASE],
    ['/openapi.json', 'GET', () => ({})],
    ['/create', 'POST', () => ({ body: tarOf(designMembers()), headers: { 'Content-Type': 'application/x-tar' } })],
    ['/create', 'POST', () => ({ body: 'x', headers: { 'Content-Type': 'application/x-tar' } })],
    ['/create', 'POST', () => ({ body: 'x', headers: { 'Content-Type': 'text/plain' } })],
    [
      '/create',
      'POST',
      () => ({ body: 'x', headers: { 'Content-Type': 'application/x-core', Accept: 'application/json' } }),
    ],
    ['/create', 'POST', () => ({ body: tarOf({ x: 'x' }), headers: { 'Content-Type': 'application/x-tar' } })],
    ...['', '/backtrace', '/log', '/modules', '/exploitable', '/events'].flatMap(
      (path): [string, string, () => Ask, string?][] => [
        [`/{id}${path}`, 'GET', () => ({ password: task.password })],
        [`/{id}${path}`, 'GET', () => ({ password: task.password, ...JSON_PLEASE })],
        [`/{id}${path}`, 'GET', () => JSON_PLEASE],
        [`/{id}${path}`, 'GET', () => JSON_PLEASE, '999'],
      ],
    ),
    ['/{id}/delete', 'POST', () => ({})],
    ['/create', 'OPTIONS', () => ({})],
    ['/create', 'POST', () => ({ headers: { 'Content-Type': 'application/x-tar', 'Upload-Complete': '?0' } })],
    ['/uploads/{address}', 'OPTIONS', () => ({})],
    ...['GET', 'DELETE', 'PATCH'].flatMap((method): [string, string, () => Ask, string?][] => [
      ['/uploads/{address}', method, () => JSON_PLEASE],
      ['/uploads/{address}', method, () => ({ headers: { 'Content-Type': 'application/partial-upload' } })],
    ]),
    ['/{id}', 'DELETE', () => ({})],
  ]

  it.each(asks)('the answer to %s %s fits the document (%#)', async (path, method, ask, id) => {
    const reply = await server.client.ask(path.replace('{id}', id ?? task.id), { method, ...ask() })
    expectToFit(reply, path, method)
  })

  it('the answers to removals fit the document', async () => {
    for (const [path, method] of [['/{id}', 'DELETE'], ['/{id}/delete', 'POST']] as const) {
      const { id, password } = await createTask(server)
      expectToFit(await server.client.ask(path.replace('{id}', id), { method, password }), path, method)
    }
  })
})
