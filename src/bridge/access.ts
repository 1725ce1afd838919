import type { IncomingMessage } from 'node:http'
import { isSameToken } from './tokens.ts'

/** Why a request is not answered; `code` and `detail` are the body. */
export interface Refusal {
  readonly status: number
  readonly code: string
  readonly detail: string
}

/**
 * Null if the request names this very address. A page of a stranger whose name was bound to 127.0.0.1
 * (DNS rebinding) names its own.
 */
export function refuseHost({ headers }: IncomingMessage, port: number): Refusal | null {
  if (headers.host === hostOf(port)) return null
  return { status: 421, code: 'host_refused', detail: `This is http://${hostOf(port)}/ and nothing else.` }
}

/** Null if no page but the app's own can have sent the request. */
export function refuseOrigin({ headers }: IncomingMessage, port: number): Refusal | null {
  const { origin, 'sec-fetch-site': site } = headers
  const isOwn = origin === undefined || origin === `http://${hostOf(port)}`
  if (isOwn && (site === undefined || site === 'same-origin')) return null
  return { status: 403, code: 'origin_refused', detail: 'No page of another origin is answered.' }
}

/** Null if the request bears `token`, which may be a pass. */
export function refuseToken({ headers }: IncomingMessage, token: string): Refusal | null {
  const given = /^Bearer +([\w-]+)$/i.exec(headers.authorization ?? '')?.[1]
  if (given !== undefined && isSameToken(given, token)) return null
  return { status: 401, code: 'token_refused', detail: 'The token is missing or another.' }
}

/** As a browser spells it, which leaves the usual port away. */
export function hostOf(port: number, name = '127.0.0.1'): string {
  return port === 80 ? name : `${name}:${port}`
}
