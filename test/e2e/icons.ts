import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { chromium } from '@playwright/test'
import { findBrowser } from '../browser.ts'

/** Draws the icons of the installed app from the one of the page: `npm run pictures`. */

const PAPER = '#fbfaf6'
const SEAL = '#1f4aa8'
/** `part`: how much of the square the sign takes. What is cut to a circle or a drop keeps four fifths of it (W3C, maskable). */
const ICONS = [
  { name: '192', size: 192, part: 1, ground: 'transparent' },
  { name: '512', size: 512, part: 1, ground: 'transparent' },
  { name: 'maskable', size: 512, part: 1, ground: SEAL },
  { name: 'apple', size: 180, part: 0.84, ground: PAPER },
]

export async function main(): Promise<void> {
  const sign = readFileSync('public/icon.svg', 'utf8')
  const { launchOptions } = await findBrowser()
  const browser = await chromium.launch(launchOptions)
  const page = await browser.newPage()
  mkdirSync('public/icons', { recursive: true })
  for (const { name, size, part, ground } of ICONS) {
    await page.setViewportSize({ width: size, height: size })
    await page.setContent(
      `<body style="margin:0;display:grid;place-items:center;block-size:100vh;background:${ground}">` +
        sign.replace('<svg ', `<svg width="${size * part}" height="${size * part}" `),
    )
    writeFileSync(`public/icons/${name}.png`, await page.screenshot({ omitBackground: true }))
  }
  await browser.close()
}
