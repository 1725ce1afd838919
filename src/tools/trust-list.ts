import * as v from 'valibot'
import type { JsonObject } from '../core/canonical.ts'
import { listPeers } from '../exchange/peers.ts'
import { quote } from './fence.ts'
import { hash } from './schemas.ts'
import { defineTool } from './tool.ts'

export const trustList = defineTool({
  name: 'omega_federation_trust_list',
  title: 'List trusted peers',
  description:
    'The allowlist of this instance: trust mode, and of each peer its fingerprint, the name it has here, since when it is trusted, how its key was compared, and whether and why it was revoked. Nobody is asked.',
  input: v.strictObject({}),
  output: v.object({
    mode: v.literal('trusted_keys_only'),
    peers: v.array(
      v.object({
        fingerprint: hash,
        label: v.string(),
        state: v.picklist(['trusted', 'revoked']),
        compared: v.string(),
        added_at: v.string(),
        revoked_at: v.nullable(v.string()),
        reason: v.nullable(v.string()),
      }),
    ),
  }),
  readOnly: true,
  destructive: false,
  idempotent: true,
  async prepare({ instance }) {
    return {
      ask: null,
      async run() {
        const peers = (await listPeers(instance)).map((peer) => ({
          fingerprint: peer.fingerprint,
          label: peer.label,
          state: peer.state,
          compared: peer.compared,
          added_at: peer.added_at,
          revoked_at: peer.revoked_at ?? null,
          reason: peer.reason ?? null,
        }))
        const lines = peers.map(
          ({ fingerprint, label, state, added_at, compared, revoked_at, reason }) =>
            `${state}: fingerprint ${fingerprint} label ${quote(label)}, added ${added_at}, key compared: ${compared}` +
            (revoked_at === null ? '' : `, revoked ${revoked_at}`) +
            (reason === null ? '' : `, reason ${quote(reason)}`),
        )
        return {
          text: ['trust mode: trusted_keys_only', ...(lines.length > 0 ? lines : ['no peers'])].join('\n'),
          structured: { mode: 'trusted_keys_only', peers } satisfies JsonObject,
        }
      },
    }
  },
})
