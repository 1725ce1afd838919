import type { Comparison } from '../../../exchange/peers.ts'

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
    how: 'Hold the two screens side by side: the face, then the words, one by one.',
    done: 'compared in person',
  },
  paper: {
    label: 'On paper',
    how: 'Check each word, or all 64 digits, against paper that reached you by another way than the key did.',
    done: 'compared on paper',
  },
  not_compared: { label: 'Not compared', how: '', done: 'not compared' },
}
