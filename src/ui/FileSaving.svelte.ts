import type { Instance } from '../exchange/instance.ts'
import { packFile } from '../exchange/pack.ts'
import { Running } from './Running.svelte.ts'
import { saveFile } from './save-file.ts'
import { writeTo } from './save-place.ts'

/** The way of a file that was made to a disk. It goes on when the page is left. */
export class FileSaving {
  readonly running = new Running()
  doing = $state<'Packing' | 'Saving'>('Saving')
  /** As it is saved. */
  file = $state.raw<File | null>(null)
  saved = $state.raw<{ readonly name: string; readonly chosen: boolean } | null>(null)
  failure = $state.raw<unknown>(null)
  readonly #instance: Instance
  readonly #made: File
  readonly #packed: boolean

  constructor(instance: Instance, made: File, packed: boolean) {
    this.#instance = instance
    this.#made = made
    this.#packed = packed
  }

  /** To `place`, or where the browser saves files. Never rejects: see `failure`. */
  async save(place: FileSystemFileHandle | null): Promise<void> {
    this.failure = null
    try {
      await this.running.run(async (options) => {
        this.doing = 'Packing'
        const whole = (this.file ??= this.#packed
          ? await packFile(this.#instance, this.#made, options)
          : this.#made)
        this.doing = 'Saving'
        if (place === null) saveFile(whole)
        else await writeTo(place, whole, options)
        this.saved = { name: place?.name ?? whole.name, chosen: place !== null }
      })
    } catch (error) {
      this.failure = error
    }
  }
}
