import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Refusal } from './access.ts'

/** Of an answer that is for one program and not to be kept or guessed at. */
export const PRIVATE = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' }

export function answer(response: ServerResponse, status: number, body?: unknown): void {
  response.writeHead(status, {
    ...PRIVATE,
    ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    ...(status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {}),
  })
  response.end(body === undefined ? undefined : `${JSON.stringify(body)}\n`)
}

export function refuse(response: ServerResponse, { status, code, detail }: Refusal): void {
  answer(response, status, { code, detail })
}

/**
 * The JSON of a body of `most` bytes at most, or why there is none. A body that is too long is read to no purpose
 * by Node, so that the sender gets its answer.
 */
export async function readJson(request: IncomingMessage, most: number): Promise<{ json: unknown } | Refusal> {
  const tooLong = { status: 413, code: 'message_too_large', detail: `More than ${most} bytes.` }
  if (Number(request.headers['content-length'] ?? 0) > most) return tooLong
  const parts: Buffer[] = []
  let length = 0
  for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += part.length
    if (length > most) return tooLong
    parts.push(part)
  }
  try {
    return { json: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts))) }
  } catch {
    return { status: 400, code: 'not_json', detail: 'The body is no JSON.' }
  }
}
