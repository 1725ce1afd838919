import manifest from '../../../../public/manifest-format.md?raw'
import store from '../../../../public/store-format.md?raw'

/** The formats as they are shipped, to be read in the app: `place` is behind `#/identity/app/`. */
export const FORMATS = [
  {
    place: 'format',
    title: 'The format',
    name: 'manifest-format.md',
    what: 'What a manifest is, to the byte, and what a reader must check.',
    text: manifest,
  },
  {
    place: 'store-format',
    title: 'The format of a backup',
    name: 'store-format.md',
    what: 'What a backup of the store is, to the byte, and what a reader must check.',
    text: store,
  },
] as const
