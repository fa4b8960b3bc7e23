/**
 * What those who triage crashes ask after 'where': is it known, how good is the answer, what was it, could it be used by
 * an attacker, whose is it. Pure: all of it is made of what one run of gdb said.
 */
import type { Core } from '../../../src/elf/core.ts'
import { signalOf } from '../../../src/elf/signal.ts'
import {
  classOf,
  type CrashClass,
  type CrashFacts,
  type Fault,
  faultOf,
  isOutsideOfCode,
  OF_INSTRUCTIONS,
} from '../exploitable/class.ts'
import { currentInstruction } from '../exploitable/instruction.ts'
import type { Details } from '../gdb/details.ts'
import { KEPT_BACK } from '../gdb/kept_back.ts'
import type { ReportThread } from '../report/frames.ts'
import { assess, type Assessment, duphashOf, duphashText } from '../satyr/satyr.ts'
import { unreadableFrame } from '../satyr/grammar.ts'
import { type Blame, blameOf } from './blame.ts'
import { type Rated, ratedOf } from './rating.ts'
import { type Signature, signatureOf } from './signature.ts'
import { type What, whatOf } from './what.ts'

export interface Crash {
  readonly crashed: ReportThread | undefined
  readonly component: string | undefined
  readonly duphash: Duphash | undefined
  readonly signature: Signature | undefined
  /** Undefined: libsatyr cannot read the text. */
  readonly rated: Rated | undefined
  /** Where it cannot; undefined: it can. */
  readonly unreadable: ReturnType<typeof unreadableFrame>
  readonly exploitable: { readonly class: CrashClass; readonly instruction: string | undefined } | undefined
  readonly what: What
  readonly blame: Blame | undefined
}

export interface Duphash {
  /** SHA-1, as ABRT's databases have it. */
  readonly value: string
  /** `executable`: the library cannot read the text, and ABRT then takes component and program. */
  readonly of: 'frames' | 'executable'
}

/** What raise() and tgkill() send. */
const SI_TKILL = -6

/** `text`: the file `backtrace`, as libsatyr reads it, with the names that gdb gave. */
export function crashOf(
  { core, threads, details, component, text }: {
    core: Core
    threads: readonly ReportThread[]
    details: Details
    component: string | undefined
    text: string
  },
): Crash {
  const [crashed] = threads
  const assessment = assess(text)
  const facts = factsOf(core, crashed, details)
  // What the instruction did with which registers is not known of a core without values: an access, at most.
  const isKeptBack = core.keptBack !== undefined && OF_INSTRUCTIONS.has(facts.signal)
  const crashClass = isKeptBack ? undefined : classOf(facts)
  return {
    crashed,
    component,
    duphash: duphash(core, assessment, component),
    signature: signatureOf(crashed?.frames ?? []),
    unreadable: assessment === undefined ? unreadableFrame(text) : undefined,
    rated: assessment === undefined ? undefined : ratedOf(assessment, threads),
    exploitable: crashClass === undefined ? undefined : {
      class: crashClass,
      instruction: OF_INSTRUCTIONS.has(facts.signal) && !isOutsideOfCode(facts) ? facts.instruction?.text : undefined,
    },
    what: whatOf({ core, crashed, details, crashClass, fault: isKeptBack ? accessOf(facts) : faultOf(facts) }),
    blame: blameOf(crashed),
  }
}

/** As far as the signal tells. */
function accessOf(facts: CrashFacts): Fault | undefined {
  const fault = faultOf({ ...facts, registers: new Map(), instruction: undefined })
  if (fault === undefined) return undefined
  return { kind: 'access', address: facts.address, isKeptBack: facts.address === undefined }
}

function duphash(
  core: Core,
  assessment: Assessment | undefined,
  component: string | undefined,
): Duphash | undefined {
  if (component === undefined) return undefined
  const program = core.modules.find(({ kind }) => kind === 'executable')?.path
  if (assessment === undefined) {
    return program === undefined ? undefined : { value: duphashOf(`${component}${program}`), of: 'executable' }
  }
  const { crashed } = assessment
  return crashed === undefined ? undefined : { value: duphashOf(duphashText(crashed, component)), of: 'frames' }
}

function factsOf(core: Core, crashed: ReportThread | undefined, details: Details): CrashFacts {
  const signal = signalOf(core)
  const siginfo = core.siginfo?.signal === signal ? core.siginfo : undefined
  const pc = crashed?.frames[0]?.pc ?? core.threads[0]?.pc
  return {
    architecture: core.architecture,
    signal,
    code: siginfo?.code,
    address: siginfo?.address,
    pc,
    segments: core.segments,
    instruction: currentInstruction(details.instructions, pc),
    registers: new Map(
      details.registers.flatMap(({ name, value }) => value === KEPT_BACK ? [] : [[name, BigInt(value)]]),
    ),
    divisor: details.divisor,
    below: details.stackTop?.below,
    top: details.stackTop?.at,
    isSentByItself: siginfo?.code === SI_TKILL && siginfo.senderPid === core.process?.pid,
    abortMessage: details.abortMessage,
    hasHandler: crashed?.frames.some(({ kind }) => kind === 'signal-handler') ?? false,
  }
}
