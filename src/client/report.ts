/**
 * A backtrace as the server tells it in JSON, as far as eyes need it. Pure. What has another shape than
 * schema/backtrace.schema.json says is left out: nothing that a server sends can make this fail.
 */

export interface Value {
  readonly name: string
  readonly value: string
}

export interface Frame {
  readonly level: number
  readonly function: string
  readonly place: string | undefined
  readonly module: string | undefined
  /** In the module, where that is known, else of the process; as the server writes it. */
  readonly address: string | undefined
  readonly isLibrary: boolean
  readonly arguments: readonly Value[]
  readonly locals: readonly Value[]
}

export interface Stack {
  readonly number: number | undefined
  readonly lwp: number | undefined
  readonly isCrashed: boolean
  readonly frames: readonly Frame[]
  readonly hasMore: boolean
}

export interface ScriptStack extends Stack {
  readonly language: string
}

export interface Report {
  readonly sentence: string | undefined
  readonly threads: readonly Stack[]
  readonly scripts: readonly ScriptStack[]
  readonly summary: string | undefined
  readonly nextStep: string | undefined
  readonly messages: readonly string[]
}

const MAX_THREADS = 20_000
const MAX_FRAMES = 4096
const MAX_VALUES = 1000

/** Undefined for what is no backtrace at all. */
export function readReport(text: string): Report | undefined {
  const json = parsed(text)
  const threads = list(json.threads, MAX_THREADS).map(stackOf)
  if (threads.length === 0) return undefined
  const [outcome, messages] = [record(json.outcome), record(json.messages)]
  const exception = record(messages.exception)
  const thrown = string(exception.type)
  return {
    sentence: string(json.sentence),
    threads,
    scripts: list(json.languages, 16).map(record).flatMap((each) =>
      list(each.stacks, MAX_THREADS).map((stack) => ({ ...stackOf(stack), language: string(each.language) ?? '' }))
    ),
    summary: string(outcome.summary),
    nextStep: string(outcome.next_step),
    messages: [
      string(messages.abort),
      string(messages.assertion),
      thrown && `${thrown}${string(exception.what) === undefined ? '' : `: ${string(exception.what)}`}`,
    ].filter((each) => each !== undefined),
  }
}

function stackOf(value: unknown): Stack {
  const thread = record(value)
  return {
    number: number(thread.number ?? thread.thread),
    lwp: number(thread.lwp),
    isCrashed: thread.crashed === true,
    frames: list(thread.frames, MAX_FRAMES).map(frameOf),
    hasMore: thread.more_frames === true,
  }
}

function frameOf(value: unknown): Frame {
  const frame = record(value)
  const [file, line, path] = [string(frame.file), number(frame.line), string(frame.path)]
  return {
    level: number(frame.level) ?? 0,
    function: string(frame.function) ?? '??',
    place: file === undefined ? undefined : line === undefined ? file : `${file}:${line}`,
    module: path,
    address: string(frame.offset) ?? string(frame.address),
    isLibrary: isMachinery(path, string(frame.function) ?? ''),
    arguments: valuesOf(frame.arguments),
    locals: valuesOf(frame.locals),
  }
}

/** The C library, the loader, and what ends a process: nobody's bug is there. */
function isMachinery(path: string | undefined, name: string): boolean {
  const file = path?.slice(path.lastIndexOf('/') + 1) ?? ''
  return /^(libc|libpthread|ld-linux|ld64|ld-musl|libgcc_s|libstdc\+\+)[-.]/.test(file) ||
    /^(std::terminate|__cxxabiv1::|__gnu_cxx::__verbose_terminate_handler|g_log|g_assertion_message)/.test(name)
}

function valuesOf(value: unknown): Value[] {
  return list(value, MAX_VALUES).map(record).map((each) => ({
    name: string(each.name) ?? '?',
    value: string(each.value) ?? '',
  }))
}

function parsed(text: string): Record<string, unknown> {
  try {
    return record(JSON.parse(text))
  } catch (error) {
    if (error instanceof SyntaxError) return {}
    throw error
  }
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}

function list(value: unknown, limit: number): unknown[] {
  return Array.isArray(value) ? value.slice(0, limit) : []
}

function string(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined
}
