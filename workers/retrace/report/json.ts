/**
 * The file `backtrace.json`: the same frames as the text, for programs. Its shape is published in
 * schema/backtrace.schema.json. Pure. Addresses are text, since readers would round such numbers.
 */
import type { Core } from '../../../src/elf/core.ts'
import { signalOf } from '../../../src/elf/signal.ts'
import type { Conversation } from '../gdb/told.ts'
import { cutSegments } from './lacking_memory.ts'
import type { Variable } from '../gdb/values.ts'
import type { ResolvedModule } from '../resolve/resolve.ts'
import { type ReportFrame, type ReportThread, sourceUrlOf } from './frames.ts'
import type { Languages, ReportLanguage, ReportStack } from './languages.ts'
import { hex, moduleJson } from './modules.ts'
import { codeName, signalName } from './signal.ts'

/** Rises when something is added; what is there stays. */
export const BACKTRACE_VERSION = 4

export interface JsonParts {
  readonly core: Core
  readonly conversation: Conversation
  readonly threads: readonly ReportThread[]
  readonly languages: Languages
  readonly modules: readonly ResolvedModule[]
  readonly release: string | undefined
  readonly owner: string | undefined
  readonly engine: string | undefined
  readonly passedOver: readonly string[]
  readonly outcome: { code: string; summary: string; next_step: string }
  readonly notes: readonly string[]
  readonly seconds: Readonly<Record<string, number>>
  /** What the crash was: members of their own. */
  readonly crash: Readonly<Record<string, unknown>>
}

export function backtraceJson(parts: JsonParts): string {
  const { core, conversation, threads, languages, modules } = parts
  const indexes = new Map(modules.map((module, index) => [module, index]))
  const context = { indexes, roleOf: languages.roleOf }
  return `${
    JSON.stringify({
      version: BACKTRACE_VERSION,
      ...parts.crash,
      outcome: parts.outcome,
      release: parts.release ?? null,
      package: parts.owner ?? null,
      debugger: { engine: parts.engine ?? null, version: conversation.version, passed_over: parts.passedOver },
      core: coreJson(core),
      signal: signalJson(core),
      thread_count: conversation.threadCount,
      threads: threads.map((thread, index) => threadJson(thread, { ...context, isCrashed: index === 0 })),
      languages: languages.languages.map((each) => languageJson(each, modules)),
      registers: Object.fromEntries(conversation.registers.map(({ name, value }) => [name, value])),
      instructions: conversation.instructions?.split('\n').filter((line) => /^(=>| {2}) /.test(line)) ?? [],
      messages: {
        abort: conversation.abortMessage ?? null,
        assertion: conversation.assertMessage ?? null,
        exception: conversation.exception === undefined
          ? null
          : { type: conversation.exception.type, what: conversation.exception.what ?? null },
      },
      modules: modules.map(moduleJson),
      limits: parts.notes,
      seconds: parts.seconds,
    })
  }\n`
}

function coreJson(core: Core) {
  return {
    architecture: core.architecture ?? null,
    pid: core.process?.pid ?? null,
    uid: core.process?.uid ?? null,
    name: core.process?.name ?? null,
    command_line: core.process?.arguments ?? null,
    values_kept_back: core.keptBack !== undefined,
    truncated: core.truncated === undefined ? null : {
      missing_bytes: Number(core.truncated.missingBytes),
      segments: core.truncated.segments,
      parts: cutSegments(core).map((each) => ({
        start: hex(each.start),
        end: hex(each.end),
        missing_bytes: Number(each.missingBytes),
        path: each.path ?? null,
      })),
    },
  }
}

function signalJson(core: Core) {
  const number = signalOf(core)
  if (number === 0) return null
  const info = core.siginfo?.signal === number ? core.siginfo : undefined
  return {
    number,
    name: signalName(number),
    code: info?.code ?? null,
    code_name: info === undefined ? null : codeName(number, info.code) ?? null,
    address: info?.address === undefined ? null : hex(info.address),
    sender_pid: info?.senderPid ?? null,
    sender_uid: info?.senderUid ?? null,
  }
}

function threadJson(
  thread: ReportThread,
  { isCrashed, ...context }: FrameContext & { isCrashed: boolean },
) {
  return {
    number: thread.number,
    lwp: thread.lwp,
    crashed: isCrashed,
    frames: thread.frames.map((frame) => frameJson(frame, context)),
    stopped: thread.stopped ?? null,
    more_frames: thread.more,
    frames_without_values: thread.framesWithoutValues,
    stack_missing: thread.stackMissing,
    lost: thread.lost.map(({ part, cause, why }) => ({ part, cause, why })),
  }
}

interface FrameContext {
  readonly indexes: ReadonlyMap<ResolvedModule, number>
  readonly roleOf: Languages['roleOf']
}

function frameJson(frame: ReportFrame, { indexes, roleOf }: FrameContext) {
  const { module } = frame
  return {
    level: frame.level,
    kind: frame.kind,
    address: hex(frame.pc),
    function: frame.function ?? null,
    file: frame.file ?? null,
    line: frame.line ?? null,
    source_url: sourceUrlOf(frame) ?? null,
    arguments: frame.arguments.map(variableJson),
    locals: frame.locals.map(variableJson),
    module: module === undefined ? null : indexes.get(module) ?? null,
    path: module?.module.path ?? null,
    build_id: module?.module.buildId ?? null,
    offset: module === undefined ? null : hex(frame.pc - module.module.start),
    trust: frame.trust,
    role: roleOf(frame) ?? null,
  }
}

function languageJson(
  { interpreter, version, script, layout, missing, stacks }: ReportLanguage,
  modules: readonly ResolvedModule[],
) {
  const { language, implementation, module } = interpreter
  const index = modules.findIndex((each) => each.module === module)
  return {
    language,
    implementation,
    version: version ?? null,
    path: module.path,
    module: index < 0 ? null : index,
    script: script ?? null,
    layout: layout ?? null,
    missing: missing ?? null,
    stacks: stacks.map((stack) => stackJson(stack, language)),
  }
}

function stackJson({ thread, isCrashed, goroutine, frames, stopped, more }: ReportStack, language: string) {
  return {
    language,
    thread: thread?.number ?? null,
    lwp: thread?.lwp ?? null,
    crashed: isCrashed,
    goroutine: goroutine ?? null,
    frames: frames.map((frame, level) => ({
      level,
      function: frame.function,
      file: frame.file ?? null,
      line: frame.line ?? null,
      kind: frame.kind,
      arguments: frame.arguments,
    })),
    stopped: stopped ?? null,
    more_frames: more,
  }
}

function variableJson({ name, type, kind, value, state }: Variable) {
  return { name, type: type ?? null, kind, value, state }
}
