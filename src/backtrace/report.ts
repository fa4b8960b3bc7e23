/**
 * The rest of `backtrace.json` (schema/backtrace.schema.json), as pages show it: everything but the threads. Pure; what has
 * another shape is left out.
 */
import { integer, list, record, text, texts } from './values.ts'

export interface Module {
  readonly path: string
  readonly kind: string
  readonly status: string
  readonly buildId: string | undefined
  readonly package: string | undefined
  readonly debugPackage: string | undefined
  readonly missingDwz: string | undefined
  readonly tried: readonly string[]
  readonly damage: string | undefined
  readonly isDeleted: boolean
}

export interface LanguageStack {
  readonly language: string
  readonly thread: number | undefined
  readonly isCrashed: boolean
  readonly goroutine: string | undefined
  readonly frames: readonly {
    readonly function: string
    readonly file: string | undefined
    readonly line: number | undefined
    readonly kind: string
    readonly arguments: readonly { readonly name: string; readonly value: string }[]
  }[]
  readonly stopped: string | undefined
  readonly hasMore: boolean
}

export interface Language {
  readonly name: string
  readonly missing: string | undefined
  readonly stacks: readonly LanguageStack[]
}

export interface BacktraceReport {
  readonly sentence: string | undefined
  readonly release: string | undefined
  readonly package: string | undefined
  readonly component: string | undefined
  readonly debugger: string | undefined
  readonly signature: { readonly stable: string | undefined; readonly duphash: string | undefined }
  readonly rating:
    | { readonly value: number; readonly quality: number | undefined; readonly reasons: readonly string[] }
    | undefined
  readonly exploitable: { readonly rating: number; readonly reason: string } | undefined
  readonly blame:
    | { readonly package: string | undefined; readonly version: string | undefined; readonly newer: string | undefined }
    | undefined
  readonly core: { readonly architecture: string | undefined; readonly commandLine: string | undefined }
  readonly signal: string | undefined
  readonly threadCount: number
  readonly languages: readonly Language[]
  readonly registers: readonly (readonly [string, string])[]
  readonly instructions: readonly string[]
  readonly messages: readonly string[]
  readonly modules: readonly Module[]
  readonly limits: readonly string[]
}

/** Members of the file that this reads, by their names. */
export const REPORT_MEMBERS = [
  'sentence',
  'release',
  'package',
  'component',
  'debugger',
  'signature',
  'rating',
  'exploitable',
  'blame',
  'core',
  'signal',
  'thread_count',
  'languages',
  'registers',
  'instructions',
  'messages',
  'modules',
  'limits',
] as const

export function readReport(json: Readonly<Record<string, unknown>>): BacktraceReport {
  const [signature, rating, exploitable] = [record(json.signature), record(json.rating), record(json.exploitable)]
  const [blame, core, made] = [record(json.blame), record(json.core), record(json.debugger)]
  const value = integer(rating.value)
  const danger = integer(exploitable.rating)
  return {
    sentence: text(json.sentence),
    release: text(json.release),
    package: text(json.package),
    component: text(json.component),
    debugger: [text(made.engine), text(made.version)].filter((each) => each !== undefined).join(', ') || undefined,
    signature: { stable: text(signature.stable), duphash: text(signature.duphash) },
    rating: value === undefined ? undefined : {
      value,
      quality: typeof rating.quality === 'number' ? rating.quality : undefined,
      reasons: list(rating.reasons, 20).map(record).flatMap((each) => text(each.text) ?? []),
    },
    exploitable: danger === undefined ? undefined : { rating: danger, reason: text(exploitable.reason) ?? '' },
    blame: text(blame.path) === undefined ? undefined : {
      package: text(blame.package),
      version: text(blame.version),
      newer: text(blame.newer_version),
    },
    core: { architecture: text(core.architecture), commandLine: text(core.command_line) },
    signal: signalOf(record(json.signal)),
    threadCount: integer(json.thread_count) ?? 0,
    languages: list(json.languages, 16).map(record).map((each) => ({
      name: [text(each.implementation), text(each.version)].filter((word) => word !== undefined).join(' '),
      missing: text(each.missing),
      stacks: list(each.stacks, 1024).map(stackOf),
    })),
    registers: Object.entries(record(json.registers)).slice(0, 1024).flatMap(([name, word]) =>
      typeof word === 'string' ? [[name, word] as const] : []
    ),
    instructions: texts(json.instructions, 200),
    messages: messagesOf(record(json.messages)),
    modules: list(json.modules, 20_000).map(moduleOf),
    limits: texts(json.limits, 100),
  }
}

function signalOf(signal: Record<string, unknown>): string | undefined {
  const [name, code, address] = [text(signal.name), text(signal.code_name), text(signal.address)]
  if (name === undefined) return undefined
  return `${name}${code === undefined ? '' : ` (${code})`}${address === undefined ? '' : ` at ${address}`}`
}

function messagesOf({ abort, assertion, exception }: Record<string, unknown>): string[] {
  const { type, what } = record(exception)
  const thrown = [text(type), text(what)].filter((each) => each !== undefined).join(': ')
  return [text(abort), text(assertion), thrown || undefined].filter((each) => each !== undefined)
}

function stackOf(value: unknown): LanguageStack {
  const stack = record(value)
  return {
    language: text(stack.language) ?? '',
    thread: integer(stack.thread),
    isCrashed: stack.crashed === true,
    goroutine: text(stack.goroutine),
    frames: list(stack.frames, 8192).map(record).map((frame) => ({
      function: text(frame.function) ?? '?',
      file: text(frame.file),
      line: integer(frame.line),
      kind: text(frame.kind) ?? 'function',
      arguments: list(frame.arguments, 32).map(record).map((each) => ({
        name: text(each.name) ?? '?',
        value: text(each.value) ?? '',
      })),
    })),
    stopped: text(stack.stopped),
    hasMore: stack.more_frames === true,
  }
}

function moduleOf(value: unknown): Module {
  const module = record(value)
  const damage = record(module.damage)
  return {
    path: text(module.path) ?? '?',
    kind: text(module.kind) ?? 'library',
    status: text(module.status) ?? 'missing',
    buildId: text(module.build_id),
    package: text(module.package),
    debugPackage: text(module.debug_package),
    missingDwz: text(module.missing_dwz),
    tried: texts(module.tried, 20),
    damage: Object.keys(damage).length === 0 ? undefined : text(damage.why) ?? 'Its files are damaged',
    isDeleted: module.deleted === true,
  }
}
