import * as v from 'valibot'
import { ExchangeError } from '../core/errors.ts'
import { importManifest, importRefusal, previewImport } from '../exchange/import.ts'
import { openManifest } from '../exchange/manifest.ts'
import { listPeers } from '../exchange/peers.ts'
import { memoriesOf, quote } from './fence.ts'
import { manifestArgument, manifestFile } from './manifest-argument.ts'
import { count, dryRun, hash, idempotencyKey } from './schemas.ts'
import { defineTool } from './tool.ts'

export const importTool = defineTool({
  name: 'omega_federation_import',
  title: 'Import a manifest',
  description:
    'Verifies a manifest and, if it holds and its issuer is on the allowlist, asks the person to take its memories in: all or nothing, deduplicated on content and entity, each row with its federation_origin. The same manifest twice changes nothing. With dry_run it says what would be taken in.',
  input: v.strictObject({
    ...manifestArgument,
    dry_run: v.optional(dryRun),
    idempotency_key: v.optional(idempotencyKey),
  }),
  output: v.object({
    dry_run: v.boolean(),
    manifest: hash,
    peer: v.object({ fingerprint: hash, label: v.string() }),
    imported: count,
    already_local: count,
    deleted_here: count,
    not_understood: count,
  }),
  readOnly: false,
  destructive: false,
  idempotent: true,
  async prepare(context, input) {
    const { instance, options } = context
    const isDry = input.dry_run === true
    const opened = await openManifest(instance, await manifestFile(context, input), options)
    const { close } = opened
    try {
      const refusal = importRefusal(opened.report)
      if (refusal !== null) throw new ExchangeError(refusal)
      const { header, id } = opened.report.manifest!
      const { fingerprint } = header.issuer
      const peer = (await listPeers(instance)).find((each) => each.fingerprint === fingerprint)
      const label = peer?.label ?? header.issuer.label
      return {
        close,
        ask: {
          title: isDry
            ? `Tell how many of ${memoriesOf(header.memory_count)} are here`
            : `Import up to ${memoriesOf(header.memory_count)}`,
          facts: [
            { name: 'File', value: opened.file.name },
            { name: 'Manifest', value: id },
            { name: 'Number in its stream', value: String(header.sequence) },
            { name: 'Made, as it says', value: header.created_at },
          ],
          key: { fingerprint, label },
          changes: isDry
            ? 'Nothing. The agent learns how many of them are here, and how many were deleted here.'
            : 'Those that are not here yet are taken in, each marked as from this peer.',
          // Who lets an agent count has not let it import.
          scope: isDry ? null : { tool: 'omega_federation_import', about: `peer:${fingerprint}` },
          needsKey: false,
          asksComparison: false,
        },
        async run(runOptions) {
          const result = isDry
            ? {
                ...(await previewImport(instance, opened, runOptions)),
                manifest: id,
                peer: { fingerprint, label },
              }
            : await importManifest(instance, opened, runOptions)
          const { imported, already_local, deleted_here, not_understood } = result
          const words = [
            isDry ? `${imported} would be imported` : `${imported} imported`,
            `${already_local} already_local (idempotent dedup)`,
            ...(deleted_here > 0 ? [`${deleted_here} deleted_here`] : []),
            ...(not_understood > 0 ? [`${not_understood} not_understood`] : []),
          ]
          return {
            text: `${words.join(', ')}; from ${quote(result.peer.label)}, key fingerprint ${fingerprint}`,
            structured: {
              dry_run: isDry,
              manifest: result.manifest,
              peer: { fingerprint: result.peer.fingerprint, label: result.peer.label },
              imported,
              already_local,
              deleted_here,
              not_understood,
            },
          }
        },
      }
    } catch (error) {
      close()
      throw error
    }
  },
})
