import manifest from '../../../../public/manifest-format.md?packed'
import store from '../../../../public/store-format.md?packed'

/** The formats as they are shipped, to be read in the app: `place` is behind `#/identity/app/`. */
export const FORMATS = [
  {
    place: 'format',
    title: 'The format',
    name: 'manifest-format.md',
    what: 'What a manifest is, to the byte, and what a reader must check.',
    packed: manifest,
  },
  {
    place: 'store-format',
    title: 'The format of a backup',
    name: 'store-format.md',
    what: 'What a backup of the store is, to the byte, and what a reader must check.',
    packed: store,
  },
] as const
