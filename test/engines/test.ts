import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { expect, test as base } from '@playwright/test'
import { serve, type AppServer } from '../e2e/server.ts'
import type { Driver, Engine, EngineName } from './engine.ts'
import { findEngine, Missing } from './found.ts'
import { Tab } from './tab.ts'

export const ENGINES: readonly EngineName[] = ['Chromium', 'Firefox', 'WebKitGTK']
/** From a static server, and as one file opened from disk. */
export const FORMS = ['served', 'one file'] as const
export type Form = (typeof FORMS)[number]

export interface Options {
  readonly engine: EngineName
  readonly form: Form
}

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url))
const ONE_FILE = fileURLToPath(new URL('../../dist-single/omega-exchange.html', import.meta.url))

/** Somebody with a browser of their own. */
export interface Person {
  readonly tab: Tab
  /** Closes the browser, which must have had no problems. */
  leave(): Promise<void>
}

interface Fixtures extends Options {
  readonly found: Engine
  /** A folder that is gone afterwards. */
  readonly folder: string
  readonly server: AppServer
  /** Where the app is. */
  readonly url: string
  /** Opens the app in a browser of `name`'s: the second time it is the same profile. */
  readonly meet: (name: string) => Promise<Person>
}

export const test = base.extend<Fixtures>({
  engine: ['Chromium', { option: true }],
  form: ['served', { option: true }],

  found: async ({ engine }, use) => {
    try {
      await use(await findEngine(engine))
    } catch (error) {
      if (!(error instanceof Missing) || process.env['CI']) throw error
      test.skip(true, error.message)
    }
  },

  // eslint-disable-next-line no-empty-pattern -- Playwright wants the braces
  folder: async ({}, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'omega-engines-'))
    await use(folder)
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  },

  // eslint-disable-next-line no-empty-pattern -- as above
  server: async ({}, use) => {
    const server = await serve(DIST)
    await use(server)
    await server.stop()
  },

  url: async ({ form, folder, server }, use) => {
    if (form === 'served') return use(server.url)
    // As somebody was handed it, beside nothing that it could load.
    const path = join(folder, 'omega-exchange.html')
    copyFileSync(ONE_FILE, path)
    await use(pathToFileURL(path).href)
  },

  meet: async ({ form, found, folder, server, url }, use, { errors }) => {
    const open = new Set<Driver>()
    await use(async (name) => {
      const driver = await found.open(join(folder, name))
      open.add(driver)
      const tab = new Tab(driver, url, form === 'one file' ? 'tram orbit plaster nine' : null)
      await tab.open()
      const leave = async () => {
        expect(await driver.problems()).toEqual([])
        // Of the one file nothing at all is asked; of a server only what is there.
        const lacking = server.asked.filter(
          (path) => url.startsWith('file:') || !existsSync(join(DIST, path)),
        )
        expect(lacking).toEqual([])
        open.delete(driver)
        await driver.close()
      }
      return { tab, leave }
    })
    const seen: string[] = []
    for (const driver of open) {
      if (errors.length > 0) seen.push(await lastSeen(driver))
      await driver.close()
    }
    // As an error of its own it stands beside the failure, which may be all that is kept of what was printed.
    if (seen.length > 0) throw new Error(seen.join('\n'))
  },
})

/** What a failure alone does not tell. */
async function lastSeen(driver: Driver): Promise<string> {
  const page = await driver
    .run<string>('() => `${location.href}\n${document.body.innerText}`')
    .catch((error: unknown) => String(error))
  return ['The page, when the test had failed:', page, ...(await driver.problems())].join('\n')
}

export { expect }
