/** What may be asked of the statistics, and what is told. Types and the lists of words alone. */

export const PERIODS = ['day', 'week'] as const
export type Period = (typeof PERIODS)[number]
export const SPANS = [7, 30, 90, 365, 730] as const

export interface Question {
  readonly by: Period
  readonly days: (typeof SPANS)[number]
  readonly release: string | undefined
  readonly package: string | undefined
}

export interface Statistics {
  readonly by: Period
  readonly days: number
  /** First and last day, as YYYY-MM-DD (UTC). */
  readonly since: string
  readonly until: string
  readonly release: string | null
  readonly package: string | null
  readonly tasks: number
  readonly outcomes: Readonly<Record<string, number>>
  readonly periods: readonly {
    readonly start: string
    readonly tasks: number
    readonly outcomes: Readonly<Record<string, number>>
  }[]
  /** Of all tasks, whatever release and package are asked for. */
  readonly steps: readonly {
    readonly step: string
    readonly times: number
    readonly p50: number
    readonly p90: number
    readonly p99: number
  }[]
  readonly releases: readonly { readonly release: string; readonly tasks: number }[]
  readonly packages: readonly { readonly package: string; readonly tasks: number }[]
  readonly crashes: readonly {
    readonly signature: string
    readonly sentence: string | null
    readonly package: string
    readonly releases: readonly string[]
    readonly tasks: number
  }[]
  readonly missing: readonly {
    readonly release: string
    readonly package: string
    readonly file: string
    readonly build_id: string
    readonly status: string
    readonly times: number
  }[]
  readonly supply: { readonly here: number; readonly fetched: number }
  readonly disk: readonly { readonly release: string; readonly packages: number; readonly bytes: number }[]
}
