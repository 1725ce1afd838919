import type { Comparison, KeyOffer } from '../../../exchange/peers.ts'

/** A key that was read from a QR code, and by what. */
export interface ReadCode {
  readonly by: 'camera' | 'picture'
  readonly offer: KeyOffer
}

interface Words {
  /** The choice. */
  readonly label: string
  /** How it is done; after the choice is made. */
  readonly how: string
  /** How it was done, in a list of facts. */
  readonly done: string
}

export const COMPARISON_WORDS: Readonly<Record<Comparison, Words>> = {
  phone: {
    label: 'By phone',
    how: 'Call a number you already had, not one that came with the key. Have them read their eight words to you; do not read yours first. You should know the voice.',
    done: 'compared by phone',
  },
  in_person: {
    label: 'In person',
    how: 'Hold the two screens side by side: the face, then the words, one by one. Or have the camera read the code that your peer shows beside their key.',
    done: 'compared in person',
  },
  paper: {
    label: 'On paper',
    how: 'Check each word, or all 64 digits, against paper that reached you by another way than the key did.',
    done: 'compared on paper',
  },
  not_compared: { label: 'Not compared', how: '', done: 'not compared' },
}

/** What only the person can say: a camera does not know whose screen it saw. */
export const CODE_WORDS: Readonly<Record<ReadCode['by'], string>> = {
  camera: 'The code stood on my peer’s own screen, and they were there',
  picture: 'I took the picture of my peer’s own screen, and they were there',
}
