import { explain } from '../core/explain.ts'

const { title, remedy } = explain('label_reserved')

/** Beside a field, while such a name stands in it. */
export const OWN_WORD_REFUSED = `${title}. ${remedy}`
