import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { giveAway, makeReader, type Asked } from './readers.ts'
import { readShipped } from './shipped.ts'
import { EQUIVALENT, WRONG_READERS } from './wrong-readers.ts'

/** Ten of them, spread over the list; all in the long run, or the ones whose name contains what is given. */
const ALL = process.env['OMEGA_ASSURE'] === '1'
const ONLY = process.env['OMEGA_READERS']
const EACH = ALL || ONLY !== undefined ? 1 : Math.ceil(WRONG_READERS.length / 10)

const MIB = 2 ** 20
/** Small files first: most readers are given away by one of those. */
const asked: Asked[] = readShipped()
  .map(({ path, plain, description }) => {
    const { kind, result, layer, line, index, leaves, id } = description
    return { path, plain, kind, verdict: { result, layer, line, index, leaves, id } }
  })
  .sort((a, b) => a.plain.length - b.plain.length)

describe('wrong readers', () => {
  it('are told from the naive one by their changes alone: unchanged it is right about every file', async () => {
    const read = await makeReader({ name: 'nothing changed', edits: [] })
    expect(giveAway(read, ALL ? asked : asked.filter(({ plain }) => plain.length < MIB))).toBeNull()
  }, 120_000)

  const some = WRONG_READERS.filter(
    ({ name }, at) => at % EACH === (EACH === 1 ? 0 : 7) && (ONLY === undefined || name.includes(ONLY)),
  )
  it.each(some.map((reader) => [reader.name, reader] as const))(
    'is given away: %s',
    async (_, reader) => {
      const shown = giveAway(await makeReader(reader), asked, !ALL && reader.shows === 'code')
      expect(shown, 'no file of the set shows it').not.toBeNull()
      expect(shown!.shows, `${shown!.path}: ${shown!.found}`).toBe(reader.shows)
    },
    120_000,
  )

  it('change what stands in its file just once', () => {
    const texts = new Map<string, string>()
    for (const { name, edits } of [...WRONG_READERS, ...EQUIVALENT])
      for (const [file, from] of edits) {
        const text = texts.get(file) ?? readFileSync(new URL(`../reference/${file}`, import.meta.url), 'utf8')
        texts.set(file, text)
        expect(text.split(from).length - 1, `${name}: ${file}`).toBe(1)
      }
  })

  it('have names of their own', () => {
    expect(new Set(WRONG_READERS.map(({ name }) => name)).size).toBe(WRONG_READERS.length)
  })
})

describe('changes that change nothing', () => {
  it.runIf(ALL || ONLY !== undefined).each(EQUIVALENT.map((reader) => [reader.name, reader] as const))(
    '%s',
    async (_, reader) => {
      const read = await makeReader(reader)
      expect(giveAway(read, asked), reader.why).toBeNull()
    },
    120_000,
  )
})
