import { encodeUtf8 } from '../core/bytes.ts'
import { verifySignature } from '../core/ed25519.ts'
import type { FaultCode } from '../core/integrity.ts'
import { parseIdentityBackup } from '../core/identity-backup.ts'
import { readPublicKey } from '../core/pem.ts'
import { isReadable } from '../core/private-key.ts'
import type { Database } from '../store/database.ts'
import type { IdentityRecord, PeerRecord } from '../store/schema.ts'
import type { Findings } from './integrity-findings.ts'
import type { History, PeerDecisions } from './integrity-history.ts'

/** The keys of this instance: unreadable, and the ones that its memories and streams name. */
export async function checkIdentities(db: Database, history: History, findings: Findings): Promise<void> {
  const records = await db.getAll('identities')
  for (const record of records) {
    findings.check('identity')
    const place = { fingerprint: String(record.fingerprint) }
    // A store that was restored has a key only once somebody has brought it.
    const isAbsent =
      record.key === undefined &&
      record.sealed === undefined &&
      history.identities.get(record.fingerprint)?.held === false
    const fault = isAbsent ? null : await checkKey(record)
    if (fault !== null) findings.fault(fault, place)
  }
  compareIdentities(records, history, findings)
}

/** Whose keys there are and what they are called, against what was done. */
export function compareIdentities(
  records: readonly IdentityRecord[],
  history: History,
  findings: Findings,
): void {
  for (const record of records) {
    const place = { fingerprint: String(record.fingerprint) }
    const known = history.identities.get(record.fingerprint)
    if (known === undefined) findings.faultByHistory('key_wrong', place)
    else if (
      known.label !== record.label ||
      known.backup !== record.backup ||
      known.restored !== record.restored
    )
      findings.faultByHistory('identity_wrong', place)
  }
  const present = new Set(records.map(({ fingerprint }) => fingerprint))
  for (const fingerprint of history.identities.keys())
    if (!present.has(fingerprint)) findings.faultByHistory('key_missing', { fingerprint })
}

async function checkKey(record: IdentityRecord): Promise<FaultCode | null> {
  const { key, sealed, fingerprint, public_key_pem } = record
  if (key === undefined ? sealed === undefined : !(key instanceof CryptoKey)) return 'key_wrong'
  if (key !== undefined && (await isReadable(key))) return 'key_readable'
  try {
    const { ed25519, fingerprint: stated } = readPublicKey(public_key_pem)
    if (stated !== fingerprint) return 'key_wrong'
    if (sealed !== undefined && parseIdentityBackup(sealed).fingerprint !== fingerprint) return 'key_wrong'
    // Wrapped under a passphrase that only a person knows.
    if (key === undefined) return null
    const message = encodeUtf8('omega-exchange integrity check')
    const signature = await sign(key, message)
    if (signature === null) return 'key_unusable'
    await verifySignature(ed25519, message, signature)
    return null
  } catch {
    return 'key_wrong'
  }
}

async function sign(key: CryptoKey, message: Uint8Array<ArrayBuffer>): Promise<Uint8Array | null> {
  try {
    return new Uint8Array(await crypto.subtle.sign('Ed25519', key, message))
  } catch {
    return null
  }
}

/** The allowlist: each key the one that its fingerprint names, each standing as it was decided. */
export async function checkPeers(db: Database, history: History, findings: Findings): Promise<void> {
  const peers = await db.getAll('peers')
  for (const peer of peers) {
    findings.check('peers')
    const place = { fingerprint: String(peer.fingerprint) }
    findings.guard('peer_wrong', place, () => {
      if (readPublicKey(peer.public_key_pem).fingerprint !== peer.fingerprint) throw new Error('another key')
    })
    const known = history.peers.get(peer.fingerprint)
    if (known?.state !== peer.state) findings.faultByHistory('peer_wrong', place)
    if (known === undefined) continue
    if (known.label !== peer.label) findings.faultByHistory('peer_name_wrong', place)
    if (!isDecided(peer, known)) findings.faultByHistory('peer_history_wrong', place)
  }
  const present = new Set(peers.map(({ fingerprint }) => fingerprint))
  for (const fingerprint of history.peers.keys())
    if (!present.has(fingerprint)) findings.faultByHistory('peer_missing', { fingerprint })
}

/** Whether a peer was compared and revoked as its record says. When is not asked: the record alone has the time. */
function isDecided({ compared, reason, history }: PeerRecord, decisions: PeerDecisions): boolean {
  const last = decisions.history.at(-1)
  const comparison = decisions.history.findLast((each) => each.compared !== undefined)
  return (
    compared === comparison?.compared &&
    reason === last?.reason &&
    Array.isArray(history) &&
    history.length === decisions.history.length &&
    decisions.history.every((each, i) => {
      const kept: unknown = history[i]
      if (typeof kept !== 'object' || kept === null) return false
      return (['what', 'compared', 'reason'] as const).every((name) => Reflect.get(kept, name) === each[name])
    })
  )
}
