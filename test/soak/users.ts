/** Mixed traffic: who uploads and waits in one way or another, who deletes, who leaves in the middle, whose upload is wrong. */
import { Agent, request } from 'node:https'
import { setTimeout as pause } from 'node:timers/promises'
import { follow, send } from '../bench/crowd_clients.ts'
import { designMembers, tarOf } from '../helpers/archives.ts'
import type { Accepted, Ledger } from './ledger.ts'
import type { Place } from './place.ts'

/** What a client may be told while disks fill and servers end; anything else is a fault. */
const EXPECTED = [201, 400, 403, 408, 413, 415, 503, 507]
const REST_MS = 300

interface Asked {
  status: number
  text: string
}

export interface Traffic {
  readonly place: Place
  readonly ledger: Ledger
  isOver(): boolean
}

/** Everybody, until it is over and each has seen the end of what it began. */
export async function allUsers(traffic: Traffic): Promise<void> {
  await Promise.all([
    ...Array.from({ length: 6 }, (_, each) => user(traffic, each)),
    leaver(traffic),
    stranger(traffic),
  ])
}

async function user(traffic: Traffic, each: number): Promise<void> {
  const { place, ledger, isOver } = traffic
  const uploads = [place.world.uploads.bare, place.world.uploads.archive]
  for (let round = each; !isOver(); round++) {
    const upload = uploads[round % 2]
    if (upload === undefined) return
    const sent = await send(place, upload, each).catch(() => undefined)
    ledger.count(`upload ${sent?.status ?? 'broken off'}`)
    if (sent !== undefined && !EXPECTED.includes(sent.status)) {
      ledger.fault(`an upload was answered ${sent.status}: ${sent.text}`)
    }
    if (sent?.status !== 201) {
      await pause(REST_MS * 4)
      continue
    }
    const task = ledger.accept({
      id: String(sent.headers['x-task-id']),
      password: String(sent.headers['x-task-password']),
    })
    if (round % 7 === 3) await remove(traffic, task)
    else {
      if (round % 3 === 0) ledger.count(`stream ${await follow(place, task, each)}`)
      await awaitEnd(traffic, task)
    }
    await pause(REST_MS)
  }
}

/** Asks until the task has ended, through restarts. */
export async function awaitEnd({ place, ledger }: Traffic, task: Accepted, limitMs = 400_000): Promise<void> {
  for (const deadline = Date.now() + limitMs; Date.now() < deadline; await pause(REST_MS)) {
    const answer = await ask(place, task)
    if (answer?.status !== 200) {
      if (answer !== undefined && answer.status !== 503) {
        ledger.fault(`task ${task.id}: ${answer.status} ${answer.text}`)
      }
      continue
    }
    const { state, outcome } = JSON.parse(answer.text) as {
      state: string
      outcome: { code: string; summary: string } | null
    }
    if (state === 'PENDING') continue
    // No death, no full disk is a mistake of ours.
    if (outcome?.code === 'internal' && task.end === undefined) {
      ledger.fault(`task ${task.id} ended as internal: ${outcome.summary}`)
    }
    return ledger.ended(task, `${state} ${outcome?.code}`)
  }
  ledger.fault(`task ${task.id} has not ended after ${limitMs / 1000} s`)
}

async function remove({ place, ledger }: Traffic, task: Accepted): Promise<void> {
  await pause(Math.random() * 2000)
  // Whether the answer came or not: from here on it may be gone.
  task.isDeleted = true
  for (;;) {
    const answer = await ask(place, task, 'DELETE')
    if (answer?.status === 204 || answer?.status === 404) break
    if (answer !== undefined && answer.status < 500) ledger.fault(`DELETE of task ${task.id}: ${answer.status}`)
    await pause(REST_MS)
  }
  ledger.count('deleted')
}

/** Sends half of an upload and hangs up. */
async function leaver({ place, ledger, isOver }: Traffic): Promise<void> {
  while (!isOver()) {
    const { body, type } = place.world.uploads.archive
    const agent = new Agent({ ca: place.ca })
    await new Promise<void>((resolve) => {
      const sending = request(`${place.url}/create`, {
        method: 'POST',
        agent,
        headers: { 'Content-Type': type, 'Content-Length': String(body.length) },
      })
      sending.on('error', () => resolve()).on('close', () => resolve()).on('response', (answer) => answer.resume())
      sending.write(body.subarray(0, body.length / 2))
      setTimeout(() => sending.destroy(), 500)
    })
    agent.destroy()
    ledger.count('left in the middle')
    await pause(REST_MS * 4)
  }
}

async function stranger({ place, ledger, isOver }: Traffic): Promise<void> {
  const body = tarOf({ ...designMembers(new Uint8Array(500_000)), evil: 'x' })
  while (!isOver()) {
    const sent = await send(place, { type: 'application/x-tar', body }, 99).catch(() => undefined)
    ledger.count(`wrong upload ${sent?.status ?? 'broken off'}`)
    if (sent !== undefined && !EXPECTED.slice(1).includes(sent.status)) {
      ledger.fault(`a wrong upload was answered ${sent.status}`)
    }
    await pause(REST_MS * 4)
  }
}

/** Undefined: nobody answered. */
async function ask(place: Place, { id, password }: Accepted, method = 'GET'): Promise<Asked | undefined> {
  const agent = new Agent({ ca: place.ca })
  const asked = await new Promise<Asked | undefined>((resolve) => {
    const headers = { 'X-Task-Password': password, Accept: 'application/json' }
    const asking = request(`${place.url}/${id}`, { method, agent, headers, timeout: 30_000 }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (chunk: string) => text += chunk)
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text })).on('error', () => resolve(undefined))
    })
    asking.on('error', () => resolve(undefined)).on('timeout', () => asking.destroy()).end()
  })
  agent.destroy()
  return asked
}
