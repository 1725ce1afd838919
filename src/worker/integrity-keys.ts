import { encodeUtf8 } from '../core/bytes.ts'
import { verifySignature } from '../core/ed25519.ts'
import type { FaultCode } from '../core/integrity.ts'
import { readPublicKey } from '../core/pem.ts'
import { isReadable } from '../core/private-key.ts'
import type { Database } from '../store/database.ts'
import type { IdentityRecord } from '../store/schema.ts'
import type { Findings } from './integrity-findings.ts'
import type { History } from './integrity-history.ts'

/** The keys of this instance: unreadable, and the ones that its memories and streams name. */
export async function checkIdentities(db: Database, history: History, findings: Findings): Promise<void> {
  const records = await db.getAll('identities')
  for (const record of records) {
    findings.check('identity')
    const fault = await checkIdentity(record, history)
    if (fault !== null) findings.fault(fault, { fingerprint: String(record.fingerprint) })
  }
  const present = new Set(records.map(({ fingerprint }) => fingerprint))
  for (const fingerprint of history.identities.keys())
    if (!present.has(fingerprint)) findings.fault('key_missing', { fingerprint })
}

async function checkIdentity(record: IdentityRecord, history: History): Promise<FaultCode | null> {
  const { key, fingerprint, public_key_pem, label } = record
  if (!(key instanceof CryptoKey)) return 'key_wrong'
  if (await isReadable(key)) return 'key_readable'
  try {
    const { ed25519, fingerprint: stated } = readPublicKey(public_key_pem)
    if (stated !== fingerprint || history.identities.get(fingerprint)?.label !== label) return 'key_wrong'
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
  for (const { fingerprint, public_key_pem, label, state } of peers) {
    findings.check('peers')
    const known = history.peers.get(fingerprint)
    findings.guard('peer_wrong', { fingerprint: String(fingerprint) }, () => {
      const isIt = readPublicKey(public_key_pem).fingerprint === fingerprint
      if (!isIt || known?.state !== state || known.label !== label) throw new Error('another')
    })
  }
  const present = new Set(peers.map(({ fingerprint }) => fingerprint))
  for (const fingerprint of history.peers.keys())
    if (!present.has(fingerprint)) findings.fault('peer_missing', { fingerprint })
}
