import fc from 'fast-check'
import { join, normalize, sep } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PathError, readPath } from '../../src/bridge/path.ts'

const codeOf = (path: string) => {
  try {
    readPath(path)
    return null
  } catch (error) {
    return (error as PathError).code
  }
}

describe('a path', () => {
  it('is parts of one folder', () => {
    expect(readPath('a')).toEqual(['a'])
    expect(readPath('exports/2026/to Anna – 1.json.gz')).toEqual(['exports', '2026', 'to Anna – 1.json.gz'])
    expect(readPath('console/comrade.json')).toEqual(['console', 'comrade.json'])
  })

  it.each([
    ...[
      '',
      '/',
      '/etc/passwd',
      '//server/share',
      '\\\\server\\share',
      'C:\\x',
      'C:/x',
      'c:x',
      'a:b',
      'a::$DATA',
    ],
    ...['..', '../a', 'a/..', 'a/../b', 'a/./b', '.', './a', 'a//b', 'a/', '...', '.bashrc', 'a/.git/config'],
    ...['a\\b', 'a\\..\\b', 'a\0', 'a\nb', 'a\u007f', 'a\u0085', 'a\ud800', 'a.', 'a ', 'a /b', 'a./b', '. '],
    ...[
      'CON',
      'con',
      'nul.txt',
      'NUL .txt',
      'a/aux',
      'COM1',
      'com¹.json',
      'LPT9.x',
      'prn',
      'CONIN$',
      'conout$.a',
    ],
    ...['x'.repeat(256), 'ä'.repeat(128), `${'a/'.repeat(40)}b`, '\\\\?\\C:\\x', '\\\\.\\pipe\\x'],
  ])('%j is refused', (path) => {
    expect(codeOf(path)).toBe('path_refused')
  })

  it('never leads out, whatever is put together', () => {
    const piece = fc.constantFrom(
      '..',
      '.',
      '/',
      '\\',
      'a',
      'b.json',
      ' ',
      ':',
      '\0',
      'con',
      '~',
      '%2e',
      '…',
      '',
    )
    fc.assert(
      fc.property(
        fc.array(fc.oneof(piece, fc.string({ unit: 'binary', maxLength: 3 })), { maxLength: 9 }),
        (pieces) => {
          const path = pieces.join('')
          if (codeOf(path) !== null) return
          const whole = join('/root', ...readPath(path))
          expect(whole.startsWith(`/root${sep}`)).toBe(true)
          expect(normalize(whole)).toBe(whole)
          expect(readPath(path).join('/')).toBe(path)
        },
      ),
      { numRuns: 1000 },
    )
  })
})
