/**
 * The kinds of values that settings have, each with both of its ways: from the text of an environment variable, and
 * back. A message is the end of a sentence that begins with the setting and its value.
 */
import * as z from 'zod'
import { TrustedProxies } from './trusted_proxies.ts'

/** A value that is written as text. */
export type Kind<T = unknown> = z.ZodType<T, string>

/** A whole number between two bounds, written in decimal digits only. */
export function whole(min: number, max: number): Kind<number> {
  const bounds = `must be between ${min} and ${max}`
  const digits = z.string().regex(/^[0-9]{1,15}$/, 'must be a whole number')
  return z.codec(digits, z.number().min(min, bounds).max(max, bounds), { decode: Number, encode: String })
}

const YES: readonly string[] = ['1', 'true', 'yes', 'on']
const NO: readonly string[] = ['0', 'false', 'no', 'off']
const either = z.string().refine(
  (word) => [...YES, ...NO].includes(word.toLowerCase()),
  'must be one of 1, 0, true, false, yes, no, on, off',
)

export const boolean: Kind<boolean> = z.codec(either, z.boolean(), {
  decode: (word) => YES.includes(word.toLowerCase()),
  encode: (value) => value ? '1' : '0',
})

/** An address or a name; an IPv6 address may be in the brackets that it has in a URL. */
export const host: Kind<string> = z.codec(z.string().regex(/\S/, 'must be an address or a name'), z.string(), {
  decode: (text) => /^\[(.+)\]$/.exec(text.trim())?.[1] ?? text.trim(),
  encode: (address) => address,
})

export const absolutePath: Kind<string> = z.string().startsWith('/', 'must be an absolute path')

/** undefined: it is not set. */
export const pathOrNothing: Kind<string | undefined> = z.codec(
  z.literal('').or(absolutePath),
  absolutePath.optional(),
  {
    decode: (text) => text || undefined,
    encode: (path) => path ?? '',
  },
)

/** Where a site begins, without the slash at its end; undefined: it is not set. */
export const urlOrNothing: Kind<string | undefined> = z.codec(
  z.literal('').or(
    z.string().regex(
      /^https?:\/\/[A-Za-z0-9.:[\]_-]+(\/[A-Za-z0-9._~\/-]*)?$/,
      'must be an address such as https://retrace.example.org',
    ),
  ),
  z.string().optional(),
  {
    decode: (text) => text.replace(/\/+$/, '') || undefined,
    encode: (url) => url ?? '',
  },
)

const LEVEL = '(debug|info|warning|error)'

/** `LEVEL[,CATEGORY=LEVEL]...`, in any case, with `warn` for warning. */
export const logLevel: Kind<string> = z.codec(
  z.string(),
  z.string().regex(
    new RegExp(`^${LEVEL}(,[a-z_]+=${LEVEL})*$`),
    'must be debug, info, warning or error, then perhaps ,CATEGORY=LEVEL',
  ),
  {
    decode: (text) => text.toLowerCase().replaceAll(/\s+/g, '').replaceAll(/(^|[,=])warn(?=,|$)/g, '$1warning'),
    encode: (level) => level,
  },
)

export const SHOWN_TO = ['off', 'loopback', 'public'] as const
/** Who sees something. */
export const shownTo: Kind<(typeof SHOWN_TO)[number]> = z.codec(
  z.string(),
  z.enum(SHOWN_TO, `must be ${SHOWN_TO.slice(0, -1).join(', ')} or ${SHOWN_TO.at(-1)}`),
  { decode: (text) => text.trim().toLowerCase() as (typeof SHOWN_TO)[number], encode: (who) => who },
)

/** In any case. */
export const logFormat: Kind<'text' | 'json'> = z.codec(z.string(), z.enum(['text', 'json'], 'must be text or json'), {
  decode: (text) => text.trim().toLowerCase() as 'text' | 'json',
  encode: (format) => format,
})

/** Pretty printers that gdb can load out of packages. */
export const PRINTERS = ['libstdc++', 'glib', 'qt'] as const
export type PrinterName = (typeof PRINTERS)[number]

/** Names of them, comma-separated; none: values are shown as they are. */
export const printers: Kind<readonly PrinterName[]> = z.codec(z.string(), z.array(z.enum(PRINTERS)), {
  decode(text, context) {
    const words = text.split(',').map((word) => word.trim().toLowerCase()).filter((word) => word !== '')
    const names = words.flatMap((word) => PRINTERS.find((each) => each === word) ?? [])
    if (names.length === words.length) return [...new Set(names)]
    context.issues.push({ code: 'custom', message: `must hold words of ${PRINTERS.join(', ')}`, input: text })
    return z.NEVER
  },
  encode: (names) => names.join(','),
})

/** Addresses and CIDRs, comma-separated. */
export const proxies: Kind<TrustedProxies> = z.codec(z.string(), z.instanceof(TrustedProxies), {
  decode(text, context) {
    try {
      return new TrustedProxies(text.split(',').map((part) => part.trim()).filter((part) => part !== ''))
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      context.issues.push({
        code: 'custom',
        message: `must hold addresses and CIDRs such as 10.0.0.0/8: ${why}`,
        input: text,
      })
      return z.NEVER
    }
  },
  encode: ({ parts }) => parts.join(','),
})
