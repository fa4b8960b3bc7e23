/**
 * What the crash was, for all who are told: members of `backtrace.json`, the file `exploitable`, what `outcome.json` keeps.
 * Pure; decided in `crash` and `exploitable`, worded in `words`.
 */
import type { CrashSummary } from '../../src/task/outcome_file.ts'
import { type Crash, crashOf } from './crash/crash.ts'
import { machineryOf } from './crash/machinery.ts'
import { CLASSES } from './exploitable/class.ts'
import { apportOf } from './report/apport.ts'
import { exploitableText, reasonOf } from './words/exploitable.ts'
import { ratingReasonText, unratedText } from './words/rating.ts'
import { sentenceOf, updateText } from './words/sentence.ts'

export interface Told {
  readonly crash: Crash
  readonly summary: CrashSummary
  readonly json: Readonly<Record<string, unknown>>
  /** Undefined: no class of crashes. */
  readonly exploitable: string | undefined
}

const MAX_REASONS = 50

export function tellCrash(
  parts: Parameters<typeof crashOf>[0] & { release: string | undefined },
): Told {
  const crash = crashOf(parts)
  const { duphash, signature, rated, exploitable } = crash
  const summary = {
    sentence: sentenceOf(crash, parts),
    duphash: duphash?.value ?? null,
    signature: signature?.value ?? null,
    rating: rated?.rating ?? null,
    update: updateText(crash) ?? null,
  }
  const skipped = machineryOf(crash.crashed?.frames ?? [])
  return {
    crash,
    summary,
    json: {
      sentence: summary.sentence,
      component: crash.component ?? null,
      signature: { duphash: duphash?.value ?? null, duphash_of: duphash?.of ?? null, ...stable(signature) },
      rating: ratingJson(rated),
      rating_missing: unratedText(crash) ?? null,
      exploitable: exploitable === undefined ? null : {
        rating: CLASSES[exploitable.class],
        class: exploitable.class,
        reason: reasonOf(exploitable.class),
        instruction: exploitable.instruction ?? null,
      },
      blame: blameJson(crash.blame),
      apport: apportOf({ ...parts, skipped }),
    },
    exploitable: exploitable === undefined ? undefined : exploitableText(exploitable),
  }
}

function stable(signature: Crash['signature']) {
  return { stable: signature?.value ?? null, frames: signature?.frames ?? [] }
}

function ratingJson(rated: Crash['rated']) {
  if (rated === undefined) return null
  return {
    value: rated.rating,
    quality: rated.quality,
    quality_simple: rated.simple,
    reasons: rated.reasons.slice(0, MAX_REASONS).map((reason) => ({
      text: ratingReasonText(reason),
      path: reason.module?.module.path ?? null,
      frames_without_name: reason.nameless,
      frames_without_line: reason.lineless,
      crashed_thread: reason.isOfCrashed,
      cost: reason.cost,
    })),
  }
}

function blameJson(blame: Crash['blame']) {
  if (blame === undefined) return null
  return {
    frame: blame.frame.level,
    function: blame.frame.function ?? null,
    path: blame.path,
    package: blame.package ?? null,
    version: blame.version ?? null,
    newer_version: blame.newer ?? null,
  }
}
