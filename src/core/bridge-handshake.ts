import { encodeUtf8, toBase64Url } from './bytes.ts'
import { assert } from './errors.ts'

const NONCE = /^[\w-]{43}$/

/** 256 bits in base64url, as a challenge and a run are. It has no line break: what is signed reads in one way. */
export function isNonce(value: unknown): value is string {
  return typeof value === 'string' && NONCE.test(value)
}

/**
 * What a bridge answers to the tab's `challenge`: proof that it has the tab's token, in 43 characters of base64url.
 * `host` is the address as a browser spells it: the proof of a bridge on another port is none here. `run` stands for
 * the process that answers.
 */
export function proveBridge(token: string, host: string, challenge: string, run: string): Promise<string> {
  assert(isNonce(challenge) && isNonce(run), 'a challenge and a run are nonces')
  return sign(token, `omega-bridge/1 bridge\n${host}\n${challenge}\n${run}`)
}

/** What the tab shows instead of its token, good for one run of the bridge at `host`: 43 characters of base64url. */
export function passOf(token: string, host: string, run: string): Promise<string> {
  assert(isNonce(run), 'a run is a nonce')
  return sign(token, `omega-bridge/1 tab\n${host}\n${run}`)
}

/** HMAC-SHA-256 (RFC 2104), keyed with the token as text. */
async function sign(token: string, text: string): Promise<string> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', encodeUtf8(token), algorithm, false, ['sign'])
  return toBase64Url(new Uint8Array(await crypto.subtle.sign('HMAC', key, encodeUtf8(text))))
}
