/**
 * Descriptors that this process was given by whoever started it and that it would pass on to all that it starts,
 * sandboxes too, since no program that makes one closes them. They stay open here (a lock may hang on one); what we
 * start finds /dev/null in their places.
 */
import { closeSync, openSync } from 'node:fs'
import { versions } from 'node:process'
import { inheritable } from './proc.ts'

const FIRST = 3
const MAX_DESCRIPTOR = 65_535

/**
 * Closes what this process was given besides its first three descriptors and `expected` ones behind them, which a supervisor
 * passes: at the start of a program, before it opens anything itself. What Node has open is marked, and stays. Deno closes
 * nothing but what it opened: there they stay open, and what is started does not get them (withoutInherited).
 */
export function closeInherited(expected: number): void {
  if (versions.deno !== undefined) return
  for (const descriptor of inheritable()) if (descriptor >= FIRST + expected) closeSync(descriptor)
}

let given: number[] | undefined
/** For each of them one of its own: Deno gives an open file to one descriptor of a program only. */
let empty: Map<number, number> | undefined

/**
 * The descriptors of a new program: those of `wanted`, then an open /dev/null for each that it would inherit; 'ignore'
 * leaves a number alone. What Node and Deno open themselves is closed by the kernel at exec, so one look is enough.
 */
export function withoutInherited<Wanted>(wanted: readonly Wanted[]): (Wanted | number | 'ignore')[] {
  given ??= inheritable().filter((descriptor) => descriptor >= FIRST && descriptor <= MAX_DESCRIPTOR)
  const others = given.filter((descriptor) => descriptor >= wanted.length)
  if (others.length === 0) return [...wanted]
  const places = empty ??= new Map(given.map((descriptor) => [descriptor, openSync('/dev/null', 'r+')]))
  return Array.from(
    { length: Math.max(...others) + 1 },
    (_, descriptor) => wanted[descriptor] ?? places.get(descriptor) ?? 'ignore',
  )
}
