/**
 * The part of JSON Schema 2020-12 that our own schemas use, and nothing more: an unknown keyword is an error, so that a
 * schema cannot promise what no test looks at.
 */

type Schema = Record<string, unknown>

const IGNORED = new Set(['$schema', 'title', 'description', '$defs'])

/** What of `value` does not follow `schema`, as lines 'PATH: why'; at most 20. Empty: it does. */
export function violations(schema: Schema, value: unknown): string[] {
  const found: string[] = []
  check(schema, value, { at: '$', root: schema, found })
  return found.slice(0, 20)
}

interface Place {
  at: string
  root: Schema
  found: string[]
}

function check(schema: Schema, value: unknown, place: Place): void {
  const { at, root, found } = place
  for (const [keyword, rule] of Object.entries(schema)) {
    if (IGNORED.has(keyword)) continue
    switch (keyword) {
      case '$ref':
        check(referred(root, String(rule)), value, place)
        break
      case 'type':
        if (
          ![rule].flat().includes(typeOf(value)) && !([rule].flat().includes('number') && typeOf(value) === 'integer')
        ) {
          found.push(`${at}: is ${typeOf(value)}, not ${rule}`)
        }
        break
      case 'const':
        if (value !== rule) found.push(`${at}: is ${value}, not ${rule}`)
        break
      case 'enum':
        if (!(rule as unknown[]).includes(value)) found.push(`${at}: ${value} is not on the list`)
        break
      case 'pattern':
        if (typeof value === 'string' && !new RegExp(String(rule)).test(value)) {
          found.push(`${at}: ${value} is no ${rule}`)
        }
        break
      case 'anyOf':
        if (!(rule as Schema[]).some((each) => isValid(each, value, root))) found.push(`${at}: is none of the choices`)
        break
      case 'required':
        for (const name of rule as string[]) {
          if (isObject(value) && !(name in value)) found.push(`${at}: lacks ${name}`)
        }
        break
      case 'properties':
        for (const [name, each] of Object.entries(rule as Record<string, Schema>)) {
          if (isObject(value) && name in value) check(each, value[name], { at: `${at}.${name}`, root, found })
        }
        break
      case 'additionalProperties':
        for (const [name, each] of Object.entries(isObject(value) ? value : {})) {
          if (isObject(schema.properties) && name in schema.properties) continue
          check(rule as Schema, each, { at: `${at}.${name}`, root, found })
        }
        break
      case 'items':
        for (const [index, each] of (Array.isArray(value) ? value : []).entries()) {
          check(rule as Schema, each, { at: `${at}[${index}]`, root, found })
        }
        break
      default:
        throw new Error(`The keyword ${keyword} is not known to this reader`)
    }
  }
}

function isValid(schema: Schema, value: unknown, root: Schema): boolean {
  const found: string[] = []
  check(schema, value, { at: '$', root, found })
  return found.length === 0
}

function referred(root: Schema, reference: string): Schema {
  const name = /^#\/\$defs\/(\w+)$/.exec(reference)?.[1] ?? ''
  const found = (root.$defs as Record<string, Schema>)[name]
  if (found === undefined) throw new Error(`There is no ${reference}`)
  return found
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeOf(value) === 'object'
}
