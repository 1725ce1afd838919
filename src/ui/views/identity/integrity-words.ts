import type { Area, FaultCode } from '../../../core/integrity.ts'
import type { EngineTestName } from '../../../core/self-test.ts'

interface AreaWords {
  readonly title: string
  /** What was counted. */
  readonly one: string
  readonly many?: string
}

export const AREA_WORDS: Readonly<Record<Area, AreaWords>> = {
  memories: {
    title: 'Memories',
    one: 'memory, every hash made again',
    many: 'memories, every hash made again',
  },
  // Told in its own words: how many were followed to a signature.
  lineage: { title: 'Lineage', one: 'origin' },
  manifests: { title: 'Manifests', one: 'manifest verified anew', many: 'manifests verified anew' },
  streams: {
    title: 'Streams',
    one: 'place, stream or fork compared',
    many: 'places, streams and forks compared',
  },
  audit: { title: 'Audit chain', one: 'row and its link', many: 'rows and their links' },
  identity: { title: 'Identity', one: 'key tried', many: 'keys tried' },
  peers: { title: 'Peers', one: 'key compared', many: 'keys compared' },
}

export interface FaultWords {
  /** What is so. */
  readonly title: string
  /** What it means, and what can be done. */
  readonly remedy: string
}

const AGAIN =
  'If it came from a peer, take out that peer’s memories and import its manifests again. If it was written here, delete it and write it again.'
const BEHIND = 'The store was changed by something other than this program, or damaged.'

export const FAULT_WORDS: Readonly<Record<FaultCode, FaultWords>> = {
  segment_missing: { title: 'Texts of memories are gone', remedy: `Their hashes are still here. ${AGAIN}` },
  page_missing: {
    title: 'Texts stand here that nothing points to',
    remedy: `${BEHIND} What they say is shown nowhere.`,
  },
  segment_damaged: { title: 'Texts of memories cannot be read', remedy: AGAIN },
  line_unreadable: { title: 'A memory is no longer one', remedy: `Its bytes were changed. ${AGAIN}` },
  line_changed: {
    title: 'A memory is not what was hashed',
    remedy: `Do not rely on its text and do not pass it on; an export refuses it. ${AGAIN}`,
  },
  columns_wrong: {
    title: 'What is asked of memories in searches is not what they say',
    remedy: `Their texts may be whole, but they are found, dated or counted wrongly. ${AGAIN}`,
  },
  batch_missing: {
    title: 'Memories belong to nothing that was taken in',
    remedy: 'They are not shown. Import their manifest again.',
  },
  batch_wrong: {
    title: 'What says where memories came from is damaged',
    remedy: 'They may not be shown. Import their manifest again.',
  },
  memories_missing: {
    title: 'Memories are missing',
    remedy:
      'A deed wrote or took in what is not held, or not as it was. Import the manifest again; what was written here, write again.',
  },
  memories_unrecorded: {
    title: 'More memories are here than were written or taken in',
    remedy: `${BEHIND} Do not rely on memories you do not know, and do not export them.`,
  },
  memory_unrecorded: {
    title: 'A memory counts as written here that no deed wrote',
    remedy: `${BEHIND} It was put here or its words were exchanged. Do not rely on it and do not export it; if you know what it said, delete it and write it again.`,
  },
  memory_doubled: {
    title: 'A memory stands in the place of another',
    remedy:
      'It is here twice, and another is missing. Take out that peer’s memories and import its manifest again.',
  },
  deletion_unrecorded: {
    title: 'What is deleted here is not what deeds deleted',
    remedy: `${BEHIND} Texts were taken out that nobody deleted, or put back that somebody did. What came from a peer its manifests have.`,
  },
  tombstone_unrecorded: {
    title: 'Something is marked as deleted that nobody deleted',
    remedy: `${BEHIND} A memory with this content is not shown, and no import brings it. Write it again if you have its text.`,
  },
  handed_over_gone: {
    title: 'A memory that you handed over is not held as it was',
    remedy: 'The manifest that you made still proves what it said: open the file to read it.',
  },
  origin_name_wrong: {
    title: 'Memories name their peer otherwise than it was called when they came',
    remedy: `${BEHIND} Go by the fingerprint, which is the signed one.`,
  },
  deleted_text_kept: {
    title: 'Something of a deleted memory is still here',
    remedy: 'Delete it once more if it is shown. Otherwise clear this store once what you need is exported.',
  },
  tombstone_missing: {
    title: 'A deleted memory could come back',
    remedy:
      'What keeps it away is gone. The next import that brings it shows it again: then delete it again.',
  },
  author_unknown: {
    title: 'A memory counts as written here and names another author',
    remedy: `${BEHIND} Do not export it.`,
  },
  manifest_missing: {
    title: 'The manifest that memories came in is not held',
    remedy: 'Nothing here proves where they came from. Import the manifest again.',
  },
  origin_wrong: {
    title: 'Memories name another origin than their manifest',
    remedy: `${BEHIND} Do not rely on who they are said to come from. Take out that peer’s memories and import again.`,
  },
  leaf_unproven: {
    title: 'A memory is not a leaf of its manifest',
    remedy:
      'The peer’s signature does not cover it. Do not rely on it. Take out that peer’s memories and import again.',
  },
  manifest_wrong: {
    title: 'A manifest no longer verifies',
    remedy:
      'Its signature or its header was changed; what came in it is not proved any more. Import the file again in a fresh profile and compare.',
  },
  manifest_gone: {
    title: 'A manifest is gone from the register',
    remedy: 'The audit chain says that it was made or imported here. Import the file again.',
  },
  manifest_unrecorded: {
    title: 'A manifest stands in the register that no deed put there',
    remedy: `${BEHIND} Do not rely on it.`,
  },
  details_wrong: {
    title: 'The details of a manifest are not the signed ones',
    remedy: 'Its note, audience or selection was changed here. The file itself has the signed ones.',
  },
  leaves_wrong: {
    title: 'The kept leaves of a manifest do not make its root',
    remedy: 'Memories that came in it cannot be proved from here. The file itself still proves them.',
  },
  evidence_wrong: {
    title: 'Evidence that came with a manifest no longer verifies',
    remedy: 'It was changed here. The file itself has it.',
  },
  place_missing: {
    title: 'A place of a stream is forgotten',
    remedy: 'A second history of that stream could pass unnoticed. Import the manifest again.',
  },
  place_wrong: {
    title: 'A known place of a stream is not what its manifest says',
    remedy: `${BEHIND} A fork could pass unnoticed, or a good manifest be called one.`,
  },
  own_stream_wrong: {
    title: 'A stream of yours is not where it was left',
    remedy:
      'The next export in it could contradict one you made before. Begin a new stream for your next export.',
  },
  fork_missing: {
    title: 'A fork that was found is no longer on record',
    remedy: `${BEHIND} Its stream is not frozen. Open the two manifests again.`,
  },
  fork_wrong: {
    title: 'The record of a fork was changed',
    remedy: `${BEHIND} Do not show it to others as proof.`,
  },
  audit_gap: {
    title: 'Audit rows are missing',
    remedy: 'Deeds were done here that the chain no longer tells of.',
  },
  audit_row_changed: {
    title: 'An audit row was changed',
    remedy: 'What it says is not what was written when the deed was done.',
  },
  audit_link_broken: {
    title: 'An audit row does not follow the one before it',
    remedy: 'Rows were exchanged, taken out or written anew.',
  },
  key_missing: {
    title: 'The key of this instance is gone',
    remedy: 'Restore it from its backup, if one was made.',
  },
  key_readable: {
    title: 'The private key of this instance can be read',
    remedy:
      'It was put here by something other than this program. Do not sign with it: clear this store and make a new identity.',
  },
  key_wrong: {
    title: 'The key of this instance is not the one it was',
    remedy: `${BEHIND} Do not sign with it.`,
  },
  key_unusable: {
    title: 'The key of this instance cannot sign',
    remedy: 'Restore it from its backup in another browser, if one was made.',
  },
  identity_wrong: {
    title: 'The name of this instance, or whether it has a backup, is not what was decided',
    remedy: `${BEHIND} The key is the one it was. Give it its name again before the next export.`,
  },
  peer_name_wrong: {
    title: 'A peer has another name than you gave it',
    remedy: `${BEHIND} Its key is the one you compared: give it its name again.`,
  },
  peer_history_wrong: {
    title: 'How a peer was compared or why it was revoked is not what was decided',
    remedy: `${BEHIND} Compare its fingerprint again before you go by it.`,
  },
  peer_missing: {
    title: 'A peer is gone that was never taken off',
    remedy:
      'Nothing of it can be imported, and if it was revoked, that is forgotten. Add it again, or keep it off.',
  },
  peer_wrong: {
    title: 'A peer does not stand as it was decided',
    remedy: `${BEHIND} Do not import from it before its fingerprint has been compared again: a revoked key may stand here as trusted.`,
  },
}

export const ENGINE_WORDS: Readonly<Record<EngineTestName, string>> = {
  sha256: 'SHA-256, by this program and by the browser',
  kernel: 'The fast reader of memories, against the plain one',
  text: 'Strict UTF-8, nothing dropped or mended',
  canonical_json: 'Canonical JSON: one spelling, and what is refused',
  signatures: 'Strict signatures: weak keys, second spellings, large S refused',
  platform_signatures: 'The browser’s own Ed25519',
  merkle: 'Roots and inclusion proofs',
  manifest: 'A whole manifest, and eleven forgeries of it',
  private_key: 'A private key that cannot be read',
  random: 'Random numbers that differ',
}
