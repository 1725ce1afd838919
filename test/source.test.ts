import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(svelte|ts)$/.test(name))
  .map((name) => ({ name, text: readFileSync(join('src', name), 'utf8') }))

const filesWith = (pattern: RegExp) => files.filter(({ text }) => pattern.test(text)).map(({ name }) => name)

describe('the source', () => {
  test('is all there', () => {
    expect(files.length).toBeGreaterThan(100)
    expect(filesWith(/<Text value=/).length).toBeGreaterThan(20)
  })

  test('makes no HTML, no code and no style from data', () => {
    expect(
      filesWith(
        /\{@html|innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|setHTMLUnsafe|srcdoc|DOMParser|\beval\(|new Function|javascript:|<iframe|<object|<embed|\bstyle=\{/,
      ),
    ).toEqual([])
  })

  test('shows names that strangers give through one part, and spells them out where no element can stand', () => {
    const named = '(?:label|file_?name|file\\.name|entity_id|event_type|reason|note)'
    // `{x.label}` as text; `"… {x.label}"` in an attribute.
    expect(
      filesWith(
        new RegExp(`(?<![=\\w$\\s]|\\$)\\s?\\{(?!item\\.)[\\w.?!]*\\.${named}(?: \\?\\?[^{}]*)?\\}`, 'i'),
      ),
    ).toEqual([])
    expect(filesWith(/<bdi[^>]*>\s*[“"]?\{(?!#if quoted|each\})/)).toEqual([])
  })
})
