import { Ivya } from 'ivya'

/** Runs in the page: finds elements by what they are to a person, by the same rules in every engine (Playwright's). */
const ivya = Ivya.create({ browser: 'chromium', testIdAttribute: 'data-testid' })

export const all = (selector: string): Element[] => ivya.queryLocatorSelectorAll(selector)
