import { createHmac, randomBytes } from 'node:crypto'

const hmac = (token: string, ...lines: string[]) =>
  createHmac('sha256', token).update(lines.join('\n')).digest('base64url')

export const nonce = () => randomBytes(32).toString('base64url')

/** What a bridge at `host` proves itself by, written down a second time. */
export const proofOf = (token: string, host: string, challenge: string, run: string) =>
  hmac(token, 'omega-bridge/1 bridge', host, challenge, run)

/** What the bridge at `origin` lets a tab with `token` in by, once it has proved itself. */
export async function passAt(origin: string, token: string): Promise<string> {
  const { host } = new URL(origin)
  const challenge = nonce()
  const body = JSON.stringify({ challenge })
  const response = await fetch(`${origin}/bridge/proof`, { method: 'POST', body })
  const { run, proof } = (await response.json()) as { run: string; proof: string }
  if (proof !== proofOf(token, host, challenge, run)) throw new Error(`${origin} is not the bridge`)
  return hmac(token, 'omega-bridge/1 tab', host, run)
}
