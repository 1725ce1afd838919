/** What this program calls itself, its own rows and all rows. A peer of that name could not be told from them. */
const OWN_WORDS: ReadonlySet<string> = new Set([
  ...[
    'any',
    'anyone',
    'everyone',
    'me',
    'nobody',
    'none',
    'omega exchange',
    'own',
    'imported',
    'this instance',
  ],
  ...['trusted', 'written here', 'you', 'your own', 'your peer', 'yours'],
])
/** Letters of other scripts in which these words can be written to look the same. */
const LIKE: Readonly<Record<string, string>> = {
  ...{ а: 'a', е: 'e', һ: 'h', і: 'i', м: 'm', о: 'o', р: 'p', ѕ: 's', т: 't', у: 'y', ԝ: 'w', х: 'x' },
  ...{
    α: 'a',
    ο: 'o',
    υ: 'u',
    ν: 'v',
    ι: 'i',
    ρ: 'p',
    τ: 't',
    γ: 'y',
    ո: 'n',
    օ: 'o',
    ս: 'u',
    հ: 'h',
    ω: 'w',
  },
}

/** Whether a name, as it looks, is a word of the program's own. */
export function isOwnWord(name: string): boolean {
  const letters = name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[\p{M}\p{C}]/gu, '')
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
  return OWN_WORDS.has([...letters].map((letter) => LIKE[letter] ?? letter).join(''))
}
