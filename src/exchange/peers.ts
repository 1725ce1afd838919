import { isHash } from '../core/bytes.ts'
import { ExchangeError } from '../core/errors.ts'
import { isOwnWord } from '../core/own-words.ts'
import { readPublicKey } from '../core/pem.ts'
import { isShortString } from '../core/text.ts'
import type { Transaction } from '../store/deed.ts'
import { bumpEpoch, deleteBatch } from '../store/staging.ts'
import type { Comparison, PeerRecord } from '../store/schema.ts'
import { checkLabel, ownKeys } from './identity.ts'
import { exclusively, nowAsTime, perform, present, type Instance } from './instance.ts'

export type { Comparison } from '../store/schema.ts'
export type Peer = PeerRecord

export const COMPARISONS: readonly Comparison[] = ['phone', 'in_person', 'paper', 'not_compared']

/** A key that somebody brought, and how it stands here, before anything is decided. */
export interface KeyOffer {
  readonly fingerprint: string
  readonly public_key_pem: string
  readonly standing: 'new' | 'trusted' | 'revoked' | 'own'
}

/** All peers, trusted and revoked, by label. */
export async function listPeers(instance: Instance): Promise<Peer[]> {
  const peers = await instance.db.getAll('peers')
  return peers.sort((a, b) => (a.label < b.label ? -1 : 1))
}

/**
 * Reads a public key as pasted or out of a file. Throws `private_key_given`, `key_unsupported`, `key_malformed`,
 * `key_not_allowed`. Nothing is kept.
 */
export async function readKeyOffer(instance: Instance, text: string): Promise<KeyOffer> {
  const { fingerprint, pem } = readPublicKey(text)
  if ((await ownKeys(instance)).includes(fingerprint))
    return { fingerprint, public_key_pem: pem, standing: 'own' }
  const peer = await instance.db.get('peers', fingerprint)
  return { fingerprint, public_key_pem: pem, standing: peer?.state ?? 'new' }
}

/**
 * Puts a key on the allowlist. Throws what `readKeyOffer` throws, `comparison_missing`, `label_invalid`, `label_reserved`,
 * `own_key`, `peer_exists`, `revoked_peer` (only `reinstatePeer` trusts it again).
 */
export async function trustPeer(
  instance: Instance,
  input: { readonly public_key_pem: string; readonly label: string; readonly compared: Comparison },
): Promise<Peer> {
  const { fingerprint, public_key_pem, standing } = await readKeyOffer(instance, input.public_key_pem)
  const { compared } = checkComparison(input)
  if (standing === 'own') throw new ExchangeError('own_key')
  const at = nowAsTime(instance)
  const peer: Peer = {
    fingerprint,
    label: checkName(input.label),
    public_key_pem,
    state: 'trusted',
    compared,
    added_at: at,
    history: [{ at, what: 'trusted', compared }],
  }
  return perform(instance, 'peer_trusted', ['peers'], async (tx) => {
    const known = await tx.objectStore('peers').get(fingerprint)
    if (known !== undefined)
      throw new ExchangeError(known.state === 'revoked' ? 'revoked_peer' : 'peer_exists')
    await tx.objectStore('peers').add(peer)
    return { result: peer, subject: { fingerprint, label: peer.label, compared } }
  })
}

/**
 * Takes a key off the allowlist: its manifests are refused from now on; what came from it stays. Throws
 * `fingerprint_incomplete` for anything but all 64 digits, `peer_unknown`.
 */
export async function revokePeer(
  instance: Instance,
  input: { readonly fingerprint: string; readonly reason?: string | undefined },
): Promise<Peer> {
  const fingerprint = checkFingerprint(input.fingerprint)
  const reason = input.reason?.trim() || undefined
  if (reason !== undefined && !isShortString(reason)) throw new ExchangeError('label_invalid')
  const at = nowAsTime(instance)
  return changePeer(instance, 'peer_revoked', fingerprint, 'trusted', (peer) => ({
    peer: {
      ...peer,
      state: 'revoked',
      revoked_at: at,
      ...(reason === undefined ? {} : { reason }),
      history: [...peer.history, { at, what: 'revoked', ...(reason === undefined ? {} : { reason }) }],
    },
    subject: { fingerprint, reason },
  }))
}

/** Trusts a revoked key again, which only a person may ask. Throws `peer_unknown`, `comparison_missing`. */
export async function reinstatePeer(
  instance: Instance,
  input: { readonly fingerprint: string; readonly compared: Comparison },
): Promise<Peer> {
  const fingerprint = checkFingerprint(input.fingerprint)
  const { compared } = checkComparison(input)
  const at = nowAsTime(instance)
  return changePeer(
    instance,
    'peer_reinstated',
    fingerprint,
    'revoked',
    ({ revoked_at: _at, reason: _why, ...peer }) => ({
      peer: {
        ...peer,
        state: 'trusted',
        compared,
        history: [...peer.history, { at, what: 'reinstated', compared }],
      },
      subject: { fingerprint, compared },
    }),
  )
}

/** Our own name for a peer; it never leaves this instance. Throws `peer_unknown`, `label_invalid`, `label_reserved`. */
export async function renamePeer(instance: Instance, fingerprint: string, name: string): Promise<Peer> {
  const label = checkName(name)
  return changePeer(instance, 'peer_renamed', fingerprint, null, (peer) => ({
    peer: { ...peer, label },
    subject: { fingerprint, label },
  }))
}

/**
 * Takes out everything that came from a peer, its attestations included, in one step; a row that another peer
 * attests, or that was written here, stays (manifest-format, 7). The known places of its streams stay too.
 * Answers how many rows are gone. Throws `peer_unknown`.
 */
export async function removePeerMemories(
  instance: Instance,
  fingerprint: string,
): Promise<{ removed: number; kept: number }> {
  return exclusively(instance, async () => {
    if ((await instance.db.get('peers', fingerprint)) === undefined) throw new ExchangeError('peer_unknown')
    const before = await instance.worker.call('facets', {})
    const held = before.peers.find((peer) => peer.fingerprint === fingerprint) ?? { rows: 0, lines: 0 }
    await perform(instance, 'peer_memories_removed', ['batches', 'pages', 'segments'], async (tx) => {
      const batches = (await tx.objectStore('batches').getAll()).filter(
        (batch) => batch.origin?.fingerprint === fingerprint,
      )
      // Of what was deleted before, the places go too: the integrity check counts them.
      let erased = 0
      for (const { id } of batches) {
        erased += await countErased(tx, id)
        await deleteBatch(tx, id)
      }
      await bumpEpoch(tx)
      return { result: undefined, subject: { fingerprint, lines: held.lines, erased } }
    })
    const after = await instance.worker.call('facets', {})
    const removed = before.rows - after.rows
    return { removed, kept: held.rows - removed }
  })
}

async function countErased(tx: Transaction, batch: string): Promise<number> {
  let erased = 0
  let cursor = await tx.objectStore('pages').index('batch').openCursor(batch)
  for (; cursor !== null; cursor = await cursor.continue()) erased += cursor.value.erased?.length ?? 0
  return erased
}

async function changePeer(
  instance: Instance,
  operation: string,
  fingerprint: string,
  state: PeerRecord['state'] | null,
  change: (peer: PeerRecord) => { peer: PeerRecord; subject: Parameters<typeof present>[0] },
): Promise<Peer> {
  return perform(instance, operation, ['peers'], async (tx) => {
    const known = await tx.objectStore('peers').get(fingerprint)
    if (known === undefined || (state !== null && known.state !== state))
      throw new ExchangeError('peer_unknown')
    const { peer, subject } = change(known)
    await tx.objectStore('peers').put(peer)
    return { result: peer, subject: present(subject) }
  })
}

/** Of a peer. */
function checkName(text: string): string {
  const name = checkLabel(text)
  if (isOwnWord(name)) throw new ExchangeError('label_reserved')
  return name
}

function checkFingerprint(text: string): string {
  const fingerprint = text.replaceAll(/\s/g, '').toLowerCase()
  if (!isHash(fingerprint)) throw new ExchangeError('fingerprint_incomplete')
  return fingerprint
}

function checkComparison({ compared }: { readonly compared: Comparison }): { compared: Comparison } {
  if (!COMPARISONS.includes(compared)) throw new ExchangeError('comparison_missing')
  return { compared }
}
