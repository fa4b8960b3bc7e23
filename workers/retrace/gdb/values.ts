/**
 * Arguments and locals with their types, as retrace.py tells them: checked like its other answers (answers.ts). Pure.
 * Owns the words for kinds and states; refuses, by leaving out, whatever has another shape.
 */

export const VALUE_KINDS = [
  'integer',
  'boolean',
  'enum',
  'float',
  'pointer',
  'reference',
  'array',
  'struct',
  'union',
  'other',
] as const
export type ValueKind = (typeof VALUE_KINDS)[number]

/** `cut`: the value goes on, or parts of it are not there, which it says. `unavailable`: `value` says why it cannot be read. */
export const VALUE_STATES = ['whole', 'cut', 'unavailable', 'optimized-out'] as const
export type ValueState = (typeof VALUE_STATES)[number]

export interface Variable {
  readonly name: string
  readonly type: string | undefined
  readonly kind: ValueKind
  /** As gdb prints it, pretty printers included. */
  readonly value: string
  readonly state: ValueState
}

export interface FrameValues {
  readonly arguments: readonly Variable[]
  readonly locals: readonly Variable[]
}

const MAX_TEXT = 8_192

/** All values that were asked for are there. */
export function areValuesWhole(data: readonly unknown[]): boolean {
  return data.some((each) => typeof each === 'object' && each !== null && 'whole' in each && each.whole === true)
}

/** By the frame's level; frames that were not asked for are not in it. */
export function readValues(data: readonly unknown[]): Map<number, FrameValues> {
  const values = new Map<number, FrameValues>()
  for (const message of data) {
    const list = typeof message === 'object' && message !== null && 'values' in message ? message.values : undefined
    for (const each of Array.isArray(list) ? list as unknown[] : []) {
      const [level, args, locals] = Array.isArray(each) ? each as unknown[] : []
      if (typeof level !== 'number' || !Array.isArray(args) || !Array.isArray(locals)) continue
      values.set(level, { arguments: args.flatMap(readVariable), locals: locals.flatMap(readVariable) })
    }
  }
  return values
}

function readVariable(entry: unknown): Variable[] {
  const [name, type, kind, value, state] = Array.isArray(entry) ? entry as unknown[] : []
  if (typeof name !== 'string' || typeof value !== 'string') return []
  return [{
    name: name.slice(0, MAX_TEXT),
    type: typeof type === 'string' ? type.slice(0, MAX_TEXT) : undefined,
    kind: VALUE_KINDS.find((each) => each === kind) ?? 'other',
    value: value.slice(0, MAX_TEXT),
    state: VALUE_STATES.find((each) => each === state) ?? 'whole',
  }]
}
