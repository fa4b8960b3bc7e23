/** What /openapi.json says of the address of an upload in parts. */
import { describeRoute } from 'hono-openapi'
import { refusals, textResponse } from '../http/description.ts'
import { BODY_FAILURES } from './created.ts'
import { PARTIAL_TYPE } from '../upload/upload_fields.ts'

const parameters = [{
  name: 'address',
  in: 'path' as const,
  required: true,
  description: 'What the Location of POST /create names',
  schema: { type: 'string' as const },
}]
const FIELDS = {
  'Upload-Complete': '?1: it is a task',
  'Upload-Offset': 'Bytes that are here, on the disk',
  'Upload-Length': 'Bytes of the whole, once a request said so',
  'Upload-Limit': 'max-size in bytes, max-age in seconds',
}
const FAILURES = ['no-such-upload', 'spool-unavailable'] as const

export const describeState = describeRoute({
  summary: 'How much of an upload is here',
  parameters,
  responses: {
    204: textless('The state; of one that is complete also its task', {
      ...FIELDS,
      'X-Task-Id': 'Number of the task',
      'X-Task-Password': 'Password of the task',
      'Location': 'Path of the task',
    }),
    ...refusals(...FAILURES),
  },
})

export const describeAppend = describeRoute({
  summary: 'Go on with an upload',
  parameters: [
    ...parameters,
    ...['Upload-Offset', 'Upload-Complete'].map((name) => ({
      name,
      in: 'header' as const,
      required: true,
      description: name === 'Upload-Offset' ? 'Bytes that are here' : '?1: with this request it is complete',
      schema: { type: 'string' as const },
    })),
  ],
  requestBody: {
    required: true,
    content: { [PARTIAL_TYPE]: { schema: { type: 'string', format: 'binary' } as const } },
  },
  responses: {
    201: textResponse('It is complete, and a task: as POST /create answers', { 'Upload-Complete': '?1' }),
    204: textless('It was appended', FIELDS),
    ...refusals(
      ...FAILURES,
      'bad-request',
      'unsupported-media-type',
      'unsupported-content-encoding',
      'length-required',
      'upload-offset-mismatch',
      'upload-length-mismatch',
      'upload-completed',
      'upload-taken-over',
      'packed-too-large',
      'server-full',
      'too-many-tasks',
      'draining',
      'no-space',
      ...BODY_FAILURES,
    ),
  },
})

export const describeEnd = describeRoute({
  summary: 'End an upload, and delete what is here of it',
  parameters,
  responses: { 204: textless('It is gone; a task that it has become stays', {}), ...refusals(...FAILURES) },
})

export const describeMethods = describeRoute({
  summary: 'What this path answers to',
  parameters,
  responses: { 204: textless('See the headers', { 'Allow': 'Methods', 'Accept-Patch': PARTIAL_TYPE }), ...refusals() },
})

function textless(description: string, headers: Record<string, string>) {
  return {
    description,
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, text]) => [name, { description: text, schema: { type: 'string' as const } }]),
    ),
  }
}
