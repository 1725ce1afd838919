import type { Exported } from '../../../exchange/export.ts'
import type { Instance } from '../../../exchange/instance.ts'
import { FileSaving } from '../../FileSaving.svelte.ts'

/** The way of a signed manifest to a disk: what was signed has used up its number. */
export class ManifestSaving extends FileSaving {
  readonly exported: Exported

  constructor(instance: Instance, exported: Exported, packed: boolean) {
    super(instance, exported.file, packed)
    this.exported = exported
  }
}
