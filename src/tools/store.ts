import * as v from 'valibot'
import type { JsonObject } from '../core/canonical.ts'
import { requireIdentity } from '../exchange/identity.ts'
import { writeMemory } from '../exchange/memories.ts'
import { quote } from './fence.ts'
import { entity, eventType, hash, idempotencyKey, tags, time } from './schemas.ts'
import { defineTool, toFacts } from './tool.ts'

const NAME = 'omega_store'

export const store = defineTool({
  name: NAME,
  title: 'Keep a memory',
  description:
    'Asks the person to keep a memory as one of this instance. The same content about the same entity is kept once.',
  input: v.strictObject({
    content: v.pipe(v.string(), v.minLength(1), v.maxLength(1_000_000), v.description('The text.')),
    entity_id: entity,
    tags: v.optional(tags),
    event_type: v.optional(eventType),
    created_at: v.optional(time('When it came about; absent: now.')),
    metadata: v.optional(v.pipe(v.record(v.string(), v.unknown()), v.description('Further members, JSON.'))),
    idempotency_key: v.optional(idempotencyKey),
  }),
  output: v.object({ key: hash }),
  readOnly: false,
  destructive: false,
  idempotent: false,
  async prepare({ instance }, given) {
    const { fingerprint, label } = await requireIdentity(instance)
    const { content, entity_id, tags, event_type, created_at } = given
    const metadata = given.metadata as JsonObject | undefined
    const facts = toFacts({
      Entity: entity_id,
      'Event type': event_type,
      Tags: tags?.join(', '),
      'Came about': created_at,
      Metadata: metadata && JSON.stringify(metadata),
    })
    return {
      ask: {
        title: 'Keep a memory',
        facts,
        key: { fingerprint, label },
        text: content,
        changes:
          'It stands among your memories, written in your name, and goes into your exports that match.',
        scope: { tool: NAME, about: `entity:${entity_id}` },
        needsKey: false,
        asksComparison: false,
      },
      async run() {
        const key = await writeMemory(instance, {
          content,
          entity_id,
          tags,
          event_type,
          created_at,
          metadata,
        })
        return { text: `kept one memory about ${quote(entity_id)}, key ${key}`, structured: { key } }
      },
    }
  },
})
