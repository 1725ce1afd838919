import { wordlist } from '@scure/bip39/wordlists/english.js'
import { assert } from './errors.ts'

const WORDS = 8
const BITS_PER_WORD = 11n

/**
 * The eight words two people read to each other: the first 88 bits of a fingerprint, eleven to a word, big
 * end first, from the English list of BIP-39 (its words only, none of its checksum). An aid to the ear: trust
 * is given to the whole fingerprint. `drawFace` reads the bits after these.
 */
export function fingerprintWords(fingerprint: string): string[] {
  assert(/^[0-9a-f]{64}$/.test(fingerprint), 'a fingerprint is 64 lower-case hex digits')
  const bits = BigInt(`0x${fingerprint.slice(0, 22)}`)
  return Array.from({ length: WORDS }, (_, at) => {
    const shift = BigInt(WORDS - 1 - at) * BITS_PER_WORD
    return wordlist[Number((bits >> shift) & 2047n)]!
  })
}
