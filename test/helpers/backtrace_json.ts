/** The file `backtrace.json` as tests look at it. */

interface JsonVariable {
  name: string
  type: string | null
  kind: string
  value: string
  state: string
}

/** What tests look at (schema/backtrace.schema.json has all). */
export interface BacktraceJson {
  thread_count: number
  threads: {
    number: number
    lwp: number
    lost: { part: string; cause: string; why: string }[]
    frames: {
      kind: string
      address: string
      function: string | null
      file: string | null
      line: number | null
      arguments: JsonVariable[]
      locals: JsonVariable[]
      module: number | null
      trust: string
      role: string | null
    }[]
    stopped: string | null
    more_frames: boolean
    frames_without_values: number
    stack_missing: boolean
  }[]
  languages: {
    language: string
    implementation: string
    version: string | null
    path: string
    script: string | null
    layout: string | null
    missing: string | null
    stacks: {
      language: string
      thread: number | null
      lwp: number | null
      crashed: boolean
      frames: {
        function: string
        file: string | null
        line: number | null
        kind: string
        arguments: { name: string; value: string }[]
      }[]
      stopped: string | null
      more_frames: boolean
    }[]
  }[]
  signal: Record<string, unknown>
  registers: Record<string, string>
  instructions: string[]
  messages: {
    abort: string | null
    assertion: string | null
    exception: { type: string; what: string | null } | null
  }
  sentence: string
  component: string | null
  signature: { duphash: string | null; duphash_of: string | null; stable: string | null; frames: string[] }
  rating_missing: string | null
  rating: { value: number; quality: number; reasons: { text: string; cost: number }[] } | null
  apport: {
    Stacktrace: string
    StacktraceTop: string
    ThreadStacktrace: string
    StacktraceAddressSignature: string | null
  }
  exploitable: { rating: number; class: string; reason: string; instruction: string | null } | null
  blame: {
    frame: number
    function: string | null
    path: string
    package: string | null
    version: string | null
    newer_version: string | null
  } | null
  debugger: { engine: string | null; version: string; passed_over: string[] }
  limits: string[]
}
