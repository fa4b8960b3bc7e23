/**
 * A further round as its client has it (docs/http.md, 'POST /<id>/memory'): what the server asks for, read from its status, and the body
 * that answers. Pure. Owns how much of what a server says is believed.
 */
import { MIB } from '../units/bytes.ts'
import type { AskedRange, MorePage } from './more.ts'

/** Bytes of memory of one round. */
export const MAX_ROUND = MIB
const MAX_RANGES = 512
const HEAD = 12

export interface Wanted {
  /** 0: nothing is wanted now. */
  readonly round: number
  readonly ranges: readonly AskedRange[] | undefined
  /** Where what the ranges point to may be sent, too; old servers name none. */
  readonly within?: readonly AskedRange[]
}

/** What a status says; undefined: the task has ended, or it is no status. Pure. */
export function wantedIn(text: string): Wanted | undefined {
  let status: unknown
  try {
    status = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof status !== 'object' || status === null || !('state' in status) || status.state !== 'PENDING') {
    return undefined
  }
  const wanted = 'wanted' in status ? status.wanted : null
  if (typeof wanted !== 'object' || wanted === null || !('round' in wanted) || !('ranges' in wanted)) {
    return { round: 0, ranges: undefined }
  }
  const round = Number(wanted.round)
  if (!Number.isInteger(round) || round < 1) return { round: 0, ranges: undefined }
  const ranges = rangesOf(wanted.ranges, MAX_ROUND)
  return 'within' in wanted
    ? { round, ranges, within: rangesOf(wanted.within, Number.MAX_SAFE_INTEGER) }
    : { round, ranges }
}

function rangesOf(said: unknown, longest: number): AskedRange[] {
  const list = Array.isArray(said) ? said.slice(0, MAX_RANGES) as unknown[] : []
  return list.flatMap((each): AskedRange[] => {
    if (typeof each !== 'object' || each === null || !('start' in each) || !('length' in each)) return []
    const { start, length } = each
    if (typeof start !== 'string' || !/^0x[0-9a-f]{1,16}$/.test(start) || !Number.isSafeInteger(length)) return []
    return Number(length) > 0 && Number(length) <= longest ? [{ start: BigInt(start), length: Number(length) }] : []
  })
}

/** As docs/http.md has it, 'POST /<id>/memory'. */
export function memoryBody(pages: readonly MorePage[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(pages.reduce((sum, { bytes }) => sum + HEAD + bytes.length, 0))
  const view = new DataView(all.buffer)
  let at = 0
  for (const { start, bytes } of pages) {
    view.setBigUint64(at, BigInt(start))
    view.setUint32(at + 8, bytes.length)
    all.set(bytes, at + HEAD)
    at += HEAD + bytes.length
  }
  return all
}
