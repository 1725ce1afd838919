import { expect, test } from 'vitest'
import { isOwnWord } from '../../src/core/own-words.ts'

test.each(['You', ' own ', 'ANY', 'Уou', 'Οwn', 'Y\u200bou', 'Ｙｏｕ', '“Any”', 'y\u0301ou', 'Your  own'])(
  '%j is a word of ours',
  (name) => expect(isOwnWord(name)).toBe(true),
)

test.each(['', 'Ada', 'You and me', 'Owen', 'Anya', 'Юля', '—'])('%j is a name', (name) =>
  expect(isOwnWord(name)).toBe(false),
)
