import * as v from 'valibot'
import { ExchangeError } from '../core/errors.ts'
import { checkLabel } from '../exchange/identity.ts'
import { readKeyOffer, trustPeer } from '../exchange/peers.ts'
import { quote } from './fence.ts'
import { hash, idempotencyKey } from './schemas.ts'
import { defineTool } from './tool.ts'

export const trustAdd = defineTool({
  name: 'omega_federation_trust_add',
  title: 'Trust a peer',
  description:
    'Asks the person at this instance to put a public key on the allowlist. The person sees the picture and the words of the key and says how it was compared. A revoked key is not trusted again this way.',
  input: v.strictObject({
    public_key_pem: v.pipe(v.string(), v.maxLength(4096), v.description('Ed25519 public key, PEM.')),
    label: v.pipe(v.string(), v.maxLength(256), v.description('What to call the peer here.')),
    idempotency_key: v.optional(idempotencyKey),
  }),
  output: v.object({ fingerprint: hash, label: v.string(), added_at: v.string() }),
  readOnly: false,
  destructive: false,
  idempotent: false,
  async prepare({ instance }, { public_key_pem, label: given }) {
    const label = checkLabel(given)
    const { fingerprint, standing } = await readKeyOffer(instance, public_key_pem)
    if (standing === 'own') throw new ExchangeError('own_key')
    if (standing !== 'new') throw new ExchangeError(standing === 'revoked' ? 'revoked_peer' : 'peer_exists')
    return {
      ask: {
        title: 'Trust a key',
        facts: [{ name: 'Name it would have here', value: label }],
        key: { fingerprint, label },
        changes: 'Manifests signed by this key can be imported from then on.',
        scope: null,
        needsKey: false,
        asksComparison: true,
      },
      async run(_, { compared }) {
        const peer = await trustPeer(instance, { public_key_pem, label, compared })
        return {
          text: `trusted peer added: fingerprint ${fingerprint} label ${quote(peer.label)}`,
          structured: { fingerprint, label: peer.label, added_at: peer.added_at },
        }
      },
    }
  },
})
