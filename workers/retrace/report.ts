/**
 * Step `report`: the files that the server hands out, from what the steps before found. Pure. Owns which files there
 * are; refuses a `backtrace` in which no frame has a name.
 */
import { packageName } from '../../src/packages/naming/package_name.ts'
import type { Result } from '../../src/task/files.ts'
import type { Outcome } from '../../src/task/outcome.ts'
import { type CrashSummary, outcomeText, type Seconds } from '../../src/task/outcome_file.ts'
import type { Findings } from './findings.ts'
import type { Conversation } from './gdb/told.ts'
import { decide, hasNamedFrame } from './outcome/decide.ts'
import { gdbLossesOf } from './outcome/gdb_loss.ts'
import { lossesOf, whyAbsent } from './outcome/loss.ts'
import { tellsExecutable } from './report/executable_memory.ts'
import { reportThreads, withRawNames } from './report/frames.ts'
import { reportLanguages } from './report/languages.ts'
import { backtraceJson } from './report/json.ts'
import { countModules, modulesJson } from './report/modules.ts'
import { backtraceText, withSentence } from './report/backtrace_text.ts'
import type { ResolvedModule } from './resolve/resolve.ts'
import { tellCrash, type Told } from './tell_crash.ts'
import { CALLERS_NOT_CHECKED, lossText, threadRemarks, VALUES_KEPT_BACK } from './words/loss.ts'
import { markdown } from './words/markdown.ts'
import { outcomeOf } from './words/outcome.ts'

export interface Report {
  readonly outcome: Outcome
  readonly hasBacktrace: boolean
  /** In the order in which they have to appear; `retrace-log`, the last, is the caller's. */
  readonly files: [Result, string][]
}

export function makeReport(findings: Findings, seconds: Seconds): Report {
  const { core, debugged } = findings
  const conversation = debugged?.engine === undefined ? undefined : debugged.conversation
  const modules = withDamage(findings.modules, conversation?.damage ?? [])
  const threads = core === undefined || conversation === undefined
    ? []
    : reportThreads(conversation.threads, { core, modules, regions: findings.regions, untold: findings.untold })
  const losses = core === undefined ? [] : [
    ...lossesOf(
      core,
      threads,
      conversation?.threadCount ?? threads.length,
      whyAbsent({
        end: debugged?.end,
        isLate: findings.ranOutOfTime === 'debug',
        isTextFull: conversation?.isTextFull ?? false,
      }),
    ),
    ...gdbLossesOf(threads, conversation ?? NOTHING_SAID),
  ]
  const notes = [
    ...losses.map(lossText),
    ...threadRemarks(conversation?.ended ?? []),
    ...(core === undefined || tellsExecutable(core) ? [] : [CALLERS_NOT_CHECKED]),
    ...(core?.keptBack === undefined ? [] : [VALUES_KEPT_BACK]),
  ]
  const reason = findings.reason ?? (core === undefined ? { kind: 'core-not-read' as const } : decide({
    modules,
    release: findings.release,
    threads,
    end: debugged?.end,
    rejected: debugged?.rejected ?? [],
    ranOutOfTime: findings.ranOutOfTime,
    losses,
  }))
  const outcome = outcomeOf(reason)
  const files: [Result, string][] = modules.length > 0 ? [['modules.json', modulesJson(modules)]] : []
  const hasBacktrace = hasNamedFrame(threads)
  let told: Told | undefined
  if (core !== undefined && conversation !== undefined) {
    const languages = reportLanguages({ core, modules, threads, said: conversation.languages })
    const parts = { core, conversation, threads, languages, notes }
    const text = backtraceText(parts)
    // What ABRT's databases have is of the names that gdb gives.
    const raw = withRawNames(threads)
    const rawText = raw === undefined ? text : backtraceText({ ...parts, threads: raw })
    told = tellCrash({ ...findings, core, threads, details: conversation, text: rawText })
    if (hasBacktrace) {
      const { engine, rejected: passedOver } = debugged ?? { engine: undefined, rejected: [] }
      const json = { ...parts, ...findings, core, modules, outcome, engine, passedOver, seconds: { ...seconds } }
      files.push(['backtrace.json', backtraceJson({ ...json, crash: told.json })])
      const { crash, summary: { sentence } } = told
      files.push(['backtrace.md', markdown({ ...findings, core, threads, languages, outcome, crash, sentence })])
      files.push(['backtrace', withSentence(text, told.summary.sentence)])
    }
    if (told.exploitable !== undefined) files.push(['exploitable', told.exploitable])
  }
  // Of a stack without names nothing can be compared, but what happened is known.
  const crash = hasBacktrace || told === undefined
    ? told?.summary
    : { ...told.summary, duphash: null, signature: null, rating: null }
  files.push(['outcome.json', outcomeJson({ findings, outcome, seconds, crash })])
  return { outcome, hasBacktrace, files }
}

/** Of a core that no gdb said anything about. */
const NOTHING_SAID = { lostDetails: [], assertion: undefined }

/** What gdb found out about their debuginfo. */
function withDamage(modules: readonly ResolvedModule[], damage: Conversation['damage']): ResolvedModule[] {
  const byModule = new Map(damage.map((each) => [each.module, each]))
  return modules.map((resolved) => {
    const found = byModule.get(resolved.module)
    if (found === undefined) return resolved
    return {
      ...resolved,
      damage: {
        why: found.why,
        splitFiles: [...found.splitFiles],
        isLeftOut: found.isLeftOut,
        isUnread: found.isUnread,
      },
    }
  })
}

function outcomeJson(
  { findings, outcome, seconds, crash }: {
    findings: Findings
    outcome: Outcome
    seconds: Seconds
    crash: CrashSummary | undefined
  },
): string {
  const [crashed] = findings.hints.packages
  return outcomeText(outcome, {
    step: findings.step,
    package: findings.owner ?? (crashed === undefined ? undefined : packageName(crashed)),
    release: findings.release,
    seconds,
    modules: countModules(findings.modules),
    packages: findings.packages,
    crash,
  })
}
