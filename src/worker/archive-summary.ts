import type { ArchiveHeader } from '../core/archive.ts'
import type { IdentityRecord, PeerRecord, SettingRecord } from '../store/schema.ts'
import type { OpenedArchive } from './opened-archive.ts'

/** What an archive holds, for a person who is to decide on it. */
export interface ArchiveSummary {
  readonly id: string
  readonly header: ArchiveHeader
  /** Whether its issuer has signed it; else the roots tell accidents and no forgery. */
  readonly signed: boolean
  readonly identities: readonly IdentityRecord[]
  readonly peers: readonly PeerRecord[]
  readonly memories: { readonly own: number; readonly imported: number; readonly erased: number }
  readonly manifests: { readonly made: number; readonly imported: number }
  readonly settings: readonly SettingRecord[]
}

export function summaryOf({ id, header, signers, holdings }: OpenedArchive): ArchiveSummary {
  const memories = { own: 0, imported: 0, erased: 0 }
  for (const { origin, lines, erased } of holdings.batches) {
    memories[origin === null ? 'own' : 'imported'] += lines - erased.length
    memories.erased += erased.length
  }
  const made = holdings.manifests.filter(({ direction }) => direction === 'made').length
  return {
    id,
    header,
    signed: signers !== null,
    identities: holdings.identities,
    peers: holdings.peers,
    memories,
    manifests: { made, imported: holdings.manifests.length - made },
    settings: holdings.settings,
  }
}
