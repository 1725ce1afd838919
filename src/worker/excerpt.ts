import type { Memory } from '../core/memory.ts'

/** As much of a memory as a list shows. A file may hold memories of 8 MiB, and a list keeps hundreds. */
export interface Excerpt extends Pick<Memory, 'created_at' | 'entity_id' | 'tags'> {
  /** The beginning of the text. */
  readonly content: string
  readonly event_type?: string
  readonly 'x-date-estimated'?: true
}

const TEXT_SHOWN = 400
const TAGS_SHOWN = 16

export function excerptOf(memory: Memory): Excerpt {
  const { content, created_at, entity_id, tags } = memory
  const type = memory['event_type']
  return {
    content: content.slice(0, TEXT_SHOWN),
    created_at,
    entity_id,
    tags: tags.slice(0, TAGS_SHOWN),
    ...(typeof type === 'string' ? { event_type: type } : {}),
    ...(memory['x-date-estimated'] === true ? { 'x-date-estimated': true } : {}),
  }
}
