// Seeded rows: row i is always the same, so what is read back can be compared byte for byte.
const ENTITIES = 200,
  TAGS = 500,
  TYPES = 8,
  ORIGINS = 21,
  ROWS_PER_BATCH = 25_000
export const T0 = Date.UTC(2024, 0, 1),
  SPAN = 2 * 365 * 86_400_000

let s = 0
const u32 = () => {
  s = (s + 0x6d2b79f5) | 0
  let t = Math.imul(s ^ (s >>> 15), 1 | s)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return (t ^ (t >>> 14)) >>> 0
}
const seed = (i) => {
  s = Math.imul(i + 1, 0x9e3779b1) ^ 0x51ed270b
}
const below = (n) => Math.floor((u32() / 0x1_0000_0000) * n)

const hex4 = Array.from({ length: 65_536 }, (_, i) => i.toString(16).padStart(4, '0'))
const hex = (words) => {
  let h = ''
  for (let i = 0; i < words; i++) {
    const v = u32()
    h += hex4[v >>> 16] + hex4[v & 65_535]
  }
  return h
}
seed(-7)
const WORDS = Array.from({ length: 3000 }, () => {
  let w = ''
  for (let n = 2 + below(8); n > 0; n--) w += String.fromCharCode(97 + below(26))
  return w
})
const AUTHORS = Array.from({ length: ORIGINS }, () => hex(8))
const TYPE_NAMES = ['decision', 'lesson', 'memory', 'preference', 'error', 'task', 'checkpoint', 'constraint']

export const entityName = (n) => 'entity-' + String(n).padStart(4, '0')
export const tagName = (n) => 'tag-' + String(n).padStart(4, '0')
export const typeName = (n) => TYPE_NAMES[n]
export const originOf = (i) => Math.floor(i / ROWS_PER_BATCH) % ORIGINS
export const batchOf = (i) => Math.floor(i / ROWS_PER_BATCH)

/** The dedup key of row i: random bytes in place of SHA-256(content_sha256 ‖ entity). */
export function keyOf(i, out, at) {
  seed(i ^ 0x2c9277b5)
  for (let k = 0; k < 32; k += 4) {
    const v = u32()
    out[at + k] = v
    out[at + k + 1] = v >>> 8
    out[at + k + 2] = v >>> 16
    out[at + k + 3] = v >>> 24
  }
}

/** Row i: the canonical line and what the columns need. */
export function rowOf(i) {
  seed(i)
  const entity = below(ENTITIES),
    type = below(TYPES),
    time = T0 + below(SPAN)
  const tags = []
  for (let n = 1 + below(4); n > 0; n--) {
    const t = below(TAGS)
    if (!tags.includes(t)) tags.push(t)
  }
  tags.sort((a, b) => a - b)
  let content = WORDS[below(3000)]
  while (content.length < 300) content += ' ' + WORDS[below(3000)]
  content = content.slice(0, 300)
  const line = `{"author":"${AUTHORS[originOf(i)]}","blind":"${hex(3).slice(0, 22)}","content":"${content}","content_sha256":"${hex(8)}","created_at":"${new Date(time).toISOString()}","entity_id":"${entityName(entity)}","event_type":"${TYPE_NAMES[type]}","id":"mem-${hex(4)}","leaf_hash":"${hex(8)}","sealed_hash":"${hex(8)}","tags":[${tags.map((t) => `"${tagName(t)}"`).join(',')}]}`
  return { line, entity, type, time, tags }
}
