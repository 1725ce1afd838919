import * as v from 'valibot'
import { ExchangeError } from '../core/errors.ts'
import { listPeers, revokePeer } from '../exchange/peers.ts'
import { quote } from './fence.ts'
import { fingerprint, hash, idempotencyKey } from './schemas.ts'
import { defineTool } from './tool.ts'

export const trustRemove = defineTool({
  name: 'omega_federation_trust_remove',
  title: 'Revoke a peer',
  description:
    'Asks the person at this instance to take a key off the allowlist: its manifests are refused from then on. What came from it stays. Only a person can trust it again.',
  input: v.strictObject({
    fingerprint,
    reason: v.optional(v.pipe(v.string(), v.maxLength(256), v.description('Why; kept with the peer.'))),
    idempotency_key: v.optional(idempotencyKey),
  }),
  output: v.object({ fingerprint: hash, label: v.string(), revoked_at: v.string() }),
  readOnly: false,
  destructive: true,
  idempotent: false,
  async prepare({ instance }, input) {
    const wanted = input.fingerprint.replaceAll(/\s/g, '').toLowerCase()
    if (wanted.length !== 64) throw new ExchangeError('fingerprint_incomplete')
    const peer = (await listPeers(instance)).find((each) => each.fingerprint === wanted)
    if (peer?.state !== 'trusted')
      throw new ExchangeError(peer === undefined ? 'peer_unknown' : 'revoked_peer')
    return {
      ask: {
        title: 'Revoke a peer',
        facts: [
          { name: 'Trusted since', value: peer.added_at },
          ...(input.reason === undefined ? [] : [{ name: 'Reason given', value: input.reason }]),
        ],
        key: { fingerprint: peer.fingerprint, label: peer.label },
        changes: 'Manifests of this key are refused from then on. What came from it stays.',
        scope: null,
        needsKey: false,
        asksComparison: false,
      },
      async run() {
        const revoked = await revokePeer(instance, { fingerprint: wanted, reason: input.reason })
        return {
          text: `${quote(revoked.label)} removed from allowlist: fingerprint ${wanted}; imports refused`,
          structured: { fingerprint: wanted, label: revoked.label, revoked_at: revoked.revoked_at! },
        }
      },
    }
  },
})
