import type { MemoryFilter } from '../../../exchange/memories.ts'
import type { AppState } from '../../AppState.svelte.ts'

type Name = 'text' | 'entity_id' | 'event_type' | 'since' | 'until' | 'origin' | 'peer'

/** What the list is narrowed to. Empty: not asked. */
export class MemoryFilterState {
  text = $state('')
  entity_id = $state('')
  event_type = $state('')
  since = $state('')
  /** Not included, as in an export. */
  until = $state('')
  tags = $state.raw<readonly string[]>([])
  tags_match = $state<'all' | 'any'>('all')
  origin = $state<'' | 'own' | 'imported'>('')
  /** Fingerprint. */
  peer = $state('')
  /** Whether the fields are laid out. */
  open = $state(false)
  /** Where the list was scrolled to, for when one comes back to it. */
  scrolled = 0

  // Getters and no $derived: what is derived belongs to the component that made it and dies with it.
  get asked(): MemoryFilter {
    return {
      text: this.text.trim() || undefined,
      entity_id: this.entity_id || undefined,
      event_type: this.event_type || undefined,
      since: this.since || undefined,
      until: this.until || undefined,
      tags: this.tags,
      tags_match: this.tags_match,
      origin: this.origin || undefined,
      peer: this.peer || undefined,
    }
  }

  /** Members beside the text that narrow the list. */
  get narrowed(): number {
    const asked = [this.entity_id, this.event_type, this.since, this.until, this.origin, this.peer]
    return asked.filter(Boolean).length + this.tags.length
  }

  get isEmpty(): boolean {
    return this.narrowed === 0 && this.text.trim() === ''
  }

  drop(name: Name): void {
    if (name === 'origin') this.origin = ''
    else this[name] = ''
  }

  addTag(tag: string): void {
    const trimmed = tag.trim()
    if (trimmed !== '' && !this.tags.includes(trimmed)) this.tags = [...this.tags, trimmed]
  }

  dropTag(tag: string): void {
    this.tags = this.tags.filter((each) => each !== tag)
  }

  /** All that came from one peer, and nothing else asked. */
  askFor(peer: string): void {
    if (peer === this.peer) return
    this.clear()
    this.peer = peer
  }

  clear(): void {
    for (const name of ['text', 'entity_id', 'event_type', 'since', 'until', 'origin', 'peer'] as const)
      this.drop(name)
    this.tags = []
    this.tags_match = 'all'
  }
}

const kept = new WeakMap<AppState, MemoryFilterState>()

/** The one of this app: it outlives a visit to another place. */
export function filterOf(app: AppState): MemoryFilterState {
  const known = kept.get(app) ?? new MemoryFilterState()
  kept.set(app, known)
  return known
}
