/**
 * What the API description says of every route alike: the password, the answers that are no result. Each route's own
 * part stands with the route; openapi.ts puts them together.
 */
import { type DescribeRouteOptions, resolver } from 'hono-openapi'
import * as z from 'zod'
import type { ErrorCode } from '../errors/errors.ts'
import { type Refusal, REFUSALS } from './refusals.ts'

const types = Object.values(REFUSALS as Record<ErrorCode, Refusal>).flatMap(({ type }) => type ?? [])
const codes = Object.keys(REFUSALS) as [ErrorCode, ...ErrorCode[]]

/** RFC 9457, with our `code` and `limit`. */
export const Problem = z.object({
  type: z.enum(['about:blank', ...types]),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.enum(codes),
  limit: z.object({ setting: z.string(), value: z.number(), unit: z.string() }).optional(),
  'expected-offset': z.int().optional(),
  'provided-offset': z.int().optional(),
}).meta({ ref: 'Problem' })

type Responses = NonNullable<DescribeRouteOptions['responses']>

/** The responses for these failures, one per status: a sentence, or problem+json. */
export function refusals(...failures: ErrorCode[]): Responses {
  const responses: Responses = {}
  for (const code of ['https-required', 'internal', ...failures] as const) {
    const { status, title }: Refusal = REFUSALS[code]
    const before = responses[status]
    const description = before !== undefined && 'description' in before ? `${before.description}; ${title}` : title
    responses[status] = {
      description,
      content: {
        'text/plain': { schema: { type: 'string' } },
        'application/problem+json': { schema: resolver(Problem) },
      },
    }
  }
  return responses
}

/** A response of plain text. */
export function textResponse(description: string, headers?: Record<string, string>): Responses[string] {
  return {
    description,
    ...(headers && { headers: headersOf(headers) }),
    content: { 'text/plain': { schema: { type: 'string' } } },
  }
}

function headersOf(headers: Record<string, string>) {
  return Object.fromEntries(
    Object.entries(headers).map(([name, description]) => [name, { description, schema: { type: 'string' as const } }]),
  )
}

/** The parameters of every path of a task. */
export const taskParameters: NonNullable<DescribeRouteOptions['parameters']> = [
  {
    name: 'id',
    in: 'path',
    required: true,
    description: 'The number that X-Task-Id named',
    schema: { type: 'string', pattern: '^[1-9][0-9]*$' },
  },
  {
    name: 'X-Task-Password',
    in: 'header',
    required: false,
    description: 'The password that the answer to POST /create named; needed unless the cookie of POST /open is sent',
    schema: { type: 'string', pattern: '^[a-zA-Z0-9]{22}$' },
  },
]

/** The failures of every path of a task. */
export const TASK_FAILURES = ['no-such-task', 'wrong-password'] as const satisfies readonly ErrorCode[]
