/**
 * dnf's variables in addresses: `$releasever`, `$releasever_major`, `$releasever_minor`, `$arch`, `$basearch`, in
 * braces too. An unknown name is an error: an address that is half right leads nowhere.
 */
import { type Architecture, architectureRow } from '../../elf/architecture.ts'

const VARIABLE = /\$(?:\{([A-Za-z0-9_]+)\}|([A-Za-z0-9_]+))/g

export interface VariableValues {
  /** `retrace_releasever`. */
  releasever: string | undefined
  /** rpm's name, as configured: `x86_64`, `armv7hl`. */
  arch: string
  architecture: Architecture
}

/** Names of the variables in a text, without `$`. */
export function variablesIn(text: string): Set<string> {
  return new Set([...text.matchAll(VARIABLE)].map(([, braced, bare]) => braced ?? bare ?? ''))
}

/** The text with the variables replaced; calls `fail` for one that has no value. */
export function expandVariables(text: string, values: VariableValues, fail: (message: string) => never): string {
  return text.replaceAll(VARIABLE, (whole, braced: string | undefined, bare: string | undefined) => {
    const name = braced ?? bare ?? ''
    if (name === 'arch') return values.arch
    if (name === 'basearch') return architectureRow(values.architecture).basearch
    if (!/^releasever(_major|_minor)?$/.test(name)) {
      return fail(`The variable ${whole} is not known here: write its value in its place`)
    }
    if (values.releasever === undefined) return fail(`${whole} occurs, so retrace_releasever is needed`)
    const dot = values.releasever.indexOf('.')
    if (name === 'releasever_major') return dot < 0 ? values.releasever : values.releasever.slice(0, dot)
    if (name === 'releasever_minor') return dot < 0 ? '' : values.releasever.slice(dot + 1)
    return values.releasever
  })
}
