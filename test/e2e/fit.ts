import { AxeBuilder } from '@axe-core/playwright'
import { expect, type Page } from '@playwright/test'

/** Whether a page as it stands can be read and worked with: by sizes, and by axe. */

const NARROW = { width: 360, height: 740 }
export const WIDE = { width: 1280, height: 800 }
/** What 1280 × 1024 becomes when it is enlarged to 400 % and to 200 % (WCAG 1.4.10, 1.4.4). */
const ENLARGED = [
  { width: 320, height: 256 },
  { width: 640, height: 512 },
]

interface Axe {
  run(options: object): Promise<{
    readonly passes: readonly unknown[]
    readonly violations: readonly {
      readonly id: string
      readonly nodes: readonly { readonly html: string }[]
    }[]
  }>
}

export async function expectNoViolations(page: Page, name: string, runOnly?: string[]): Promise<void> {
  // Addresses change, the document stays: axe is put into it once.
  if (!(await page.evaluate(() => 'axe' in globalThis))) {
    await new AxeBuilder({ page }).setLegacyMode().withRules('document-title').analyze()
  }
  const { looked, found } = await page.evaluate(async (rules) => {
    const axe = Reflect.get(globalThis, 'axe') as Axe
    const { passes, violations } = await axe.run({
      resultTypes: ['violations'],
      ...(rules === undefined ? {} : { runOnly: rules }),
    })
    const found = violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
    return { looked: passes.length > 0, found }
  }, runOnly)
  expect(found, name).toEqual([])
  expect(looked, `${name}: axe looked`).toBe(true)
}

/** Narrow and wide, light and dark, in the system’s colours; enlarged, and with text set wider; nothing that moves. */
export async function expectToFit(page: Page, name: string): Promise<void> {
  for (const viewport of [NARROW, WIDE]) {
    await page.setViewportSize(viewport)
    expect.soft(await misfits(page), `${name}, at ${viewport.width}`).toEqual([])
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
    await expectNoViolations(page, `${name}, light, ${viewport.width}`)
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' })
    // All else is the same in the dark.
    await expectNoViolations(page, `${name}, dark, ${viewport.width}`, ['color-contrast'])
  }
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce', forcedColors: 'active' })
  await expectNoViolations(page, `${name}, forced colours`, ['color-contrast'])
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce', forcedColors: 'none' })
  expect(await page.evaluate(() => document.getAnimations().length), `${name}: something moves`).toBe(0)
  for (const viewport of ENLARGED) {
    await page.setViewportSize(viewport)
    expect.soft(await misfits(page), `${name}, enlarged, ${viewport.width}`).toEqual([])
  }
  for (const viewport of [NARROW, WIDE]) {
    await page.setViewportSize(viewport)
    await spaceText(page, true)
    expect.soft(await misfits(page), `${name}, spaced, ${viewport.width}`).toEqual([])
    await spaceText(page, false)
  }
}

/** Text as a reader may set it (WCAG 1.4.12). */
function spaceText(page: Page, on: boolean): Promise<void> {
  return page.evaluate((spaced) => {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important }
      p { margin-block-end: 2em !important }`)
    document.adoptedStyleSheets = spaced ? [sheet] : []
  }, on)
}

/** What would have to be scrolled sideways, and text that sticks out of its box or is cut off by it. */
function misfits(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const tell = (what: string, box: Element) =>
      `${what}: ${box.tagName}.${String(box.getAttribute('class'))} “${(box.textContent ?? '').trim().slice(0, 60)}”`
    const told: string[] = []
    // A single sign, such as a quotation mark in its half em, may lean out.
    const isOwnText = (box: Element) =>
      [...box.childNodes].some((node) => node instanceof Text && node.data.trim().length > 1)
    for (const box of [document.documentElement, ...document.querySelectorAll('body *')]) {
      if (!(box instanceof HTMLElement) || !box.checkVisibility()) continue
      const { overflowX, overflowY, clipPath, textOverflow, display, webkitLineClamp } = getComputedStyle(box)
      // Read out and not seen.
      if (clipPath !== 'none' || box.closest('.visually-hidden') !== null) continue
      const scrolls = box === document.documentElement || overflowX === 'auto' || overflowX === 'scroll'
      if (scrolls && box.scrollWidth > box.clientWidth) {
        const edge = box.getBoundingClientRect().left + box.clientLeft + box.clientWidth
        const beyond = [...box.querySelectorAll('*')].filter(
          (e) => e.getBoundingClientRect().right > edge + 0.5,
        )
        told.push(tell('sideways', beyond.at(-1) ?? box))
      }
      // What is cut with a mark that says so can be opened.
      if (display === 'inline' || textOverflow === 'ellipsis' || webkitLineClamp !== 'none') continue
      if (!isOwnText(box) || box instanceof HTMLTextAreaElement) continue
      if (box.scrollWidth > box.clientWidth + 1) told.push(tell('sticks out', box))
      const isHigh = overflowY !== 'auto' && overflowY !== 'scroll' && box.scrollHeight > box.clientHeight + 3
      if (isHigh && box.clientHeight > 0) told.push(tell('too high', box))
    }
    // What stands outside of the screen to the right is as good as cut off.
    for (const box of document.querySelectorAll('body *')) {
      if (!(box instanceof HTMLElement) || !isOwnText(box) || !box.checkVisibility()) continue
      if (box.closest('.visually-hidden, [class*="visually"]') !== null) continue
      if (getComputedStyle(box).clipPath !== 'none') continue
      const { right, left, width } = box.getBoundingClientRect()
      if (width > 1 && (right > innerWidth + 1 || left < -1)) told.push(tell('off the page', box))
    }
    return [...new Set(told)]
  })
}
