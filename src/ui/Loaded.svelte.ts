import { getApp } from './AppState.svelte.ts'

/**
 * Something the exchange layer is asked for, asked again whenever the store changes or what `load` reads changes.
 * The old value stays while the new one is on its way, so that nothing flickers. Made while a component is set up.
 */
export class Loaded<T> {
  value = $state.raw<T | undefined>(undefined)
  error = $state.raw<unknown>(undefined)
  busy = $state(true)

  constructor(load: (signal: AbortSignal) => Promise<T>) {
    const app = getApp()
    $effect(() => {
      void app.revision
      const controller = new AbortController()
      this.busy = true
      load(controller.signal).then(
        (value) => {
          if (controller.signal.aborted) return
          this.value = value
          this.error = undefined
          this.busy = false
        },
        (error: unknown) => {
          if (controller.signal.aborted) return
          this.error = error
          this.busy = false
        },
      )
      return () => controller.abort()
    })
  }
}
