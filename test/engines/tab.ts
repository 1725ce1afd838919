import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, type Page } from '@playwright/test'
import { build } from 'vite'
import { foundBy, type Driver } from './engine.ts'

/** Of the app, once it has begun. */
const TITLE = 'h1:not(.starting *)'

let finder: Promise<string> | undefined

/** `finder.ts` in one script that sets `__finder`. */
async function bundle(): Promise<string> {
  const made = await build({
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    build: {
      write: false,
      minify: false,
      lib: {
        entry: fileURLToPath(new URL('./finder.ts', import.meta.url)),
        formats: ['iife'],
        name: '__finder',
      },
    },
  })
  const [chunk] = [made].flat().flatMap((each) => ('output' in each ? each.output : []))
  if (chunk?.type !== 'chunk') throw new Error('the finder is not one script')
  return `() => { ${chunk.code}; globalThis.__finder = __finder }`
}

/** A page of any engine, as a person uses it: by label and role, waiting until what is used can be. */
export class Tab {
  readonly driver: Driver
  /** Of an identity made here, where it is kept locked; null where it is not. */
  readonly passphrase: string | null
  readonly #url: string

  constructor(driver: Driver, url: string, passphrase: string | null) {
    this.driver = driver
    this.passphrase = passphrase
    this.#url = url
  }

  /** Goes to the app and waits until it is there. */
  async open(): Promise<void> {
    await this.driver.goto(this.#url)
    await this.shows(TITLE)
  }

  async reload(): Promise<void> {
    await this.driver.reload()
    await this.shows(TITLE)
  }

  /** As Playwright's, so that its steps that only look into the page take this too. */
  readonly evaluate = ((script: (arg: unknown) => unknown, arg?: unknown) =>
    this.driver.run(`${script}`, arg ?? null)) as Page['evaluate']

  /** The words of each element found, as they are seen. */
  async texts(selector: string): Promise<string[]> {
    return this.#ask<string[]>(
      selector,
      `(found) => found.map((each) => each.innerText.replace(/\\s+/g, ' ').trim())`,
    )
  }

  async attribute(selector: string, name: string): Promise<string | null> {
    return this.#ask(selector, `(found) => found[0]?.getAttribute(${JSON.stringify(name)}) ?? null`)
  }

  /** Waits until the element has these words and no others. */
  async reads(selector: string, words: string | RegExp): Promise<void> {
    await expect
      .poll(async () => (await this.texts(selector)).join('\n'), { message: selector })
      .toEqual(typeof words === 'string' ? words : expect.stringMatching(words))
  }

  /** Waits until one of what is found has these words in it. */
  async shows(selector: string, words = '', timeout?: number): Promise<void> {
    await expect
      .poll(() => this.#seen(selector), {
        message: `${selector} with "${words}"`,
        ...(timeout ? { timeout } : {}),
      })
      .toContainEqual(expect.stringContaining(words))
  }

  async hasNo(selector: string): Promise<void> {
    await expect.poll(() => this.#seen(selector), { message: selector }).toEqual([])
  }

  /** Clicks what is found; again, where it was drawn anew or moved between the look and the click. */
  async click(selector: string): Promise<void> {
    await this.#whenUsable(selector)
    if (!(await this.#hasSeen('click', selector, () => this.driver.click(foundBy(selector)))))
      await this.click(selector)
  }

  /**
   * Whether the page was told of the deed within a second, by an event that came from what stands in it. A page loaded
   * anew since then was.
   */
  async #hasSeen(event: 'click' | 'change', selector: string, deed: () => Promise<void>): Promise<boolean> {
    await this.#ask(
      selector,
      `([found]) => {
        globalThis.__isSeen = false
        const see = ({ target }) => { globalThis.__isSeen ||= found?.contains(target) === true }
        document.addEventListener('${event}', see, { capture: true })
      }`,
    )
    try {
      await deed()
    } catch (error) {
      if (!/attached|detached|stale/i.test(String(error))) throw error
    }
    for (let tries = 0; tries < 10; tries += 1) {
      if (await this.driver.run<boolean>('() => globalThis.__isSeen !== false')) return true
      await sleep(100)
    }
    return false
  }

  async check(selector: string): Promise<void> {
    await this.click(selector)
    await expect
      .poll(() => this.#ask(selector, '([found]) => found.checked'), { message: selector })
      .toBe(true)
  }

  /** Types over what is in a field. A date has another order of parts in each engine and place: that is set. */
  async fill(selector: string, text: string): Promise<void> {
    await this.#whenUsable(selector)
    const isSet = await this.#ask<boolean>(
      selector,
      `([field]) => {
        field.focus()
        if (field.type !== 'date') return field.select(), false
        field.value = ${JSON.stringify(text)}
        field.dispatchEvent(new Event('input', { bubbles: true }))
        field.dispatchEvent(new Event('change', { bubbles: true }))
        return true
      }`,
    )
    if (!isSet) await this.driver.type(foundBy(selector), text)
    await expect.poll(() => this.#ask(selector, '([field]) => field.value'), { message: selector }).toBe(text)
  }

  /** Gives a file; again, as a click. */
  async give(selector: string, path: string): Promise<void> {
    await expect
      .poll(async () => (await this.texts(selector)).length, { message: selector })
      .toBeGreaterThan(0)
    if (await this.#hasSeen('change', selector, () => this.driver.give(foundBy(selector), path))) return
    console.error('a file was given and the page saw nothing of it: given again')
    await this.give(selector, path)
  }

  /** What the browser saves when it is done, once it is whole. */
  async download(deed: () => Promise<void>): Promise<{ path: string; text: string }> {
    const path = await this.driver.saved(deed)
    return { path, text: readFileSync(path, 'utf8') }
  }

  /** Words of what is found and can be seen. */
  #seen(selector: string): Promise<string[]> {
    return this.#ask(
      selector,
      `(found) => found.filter((each) => each.checkVisibility()).map((each) => each.innerText.replace(/\\s+/g, ' ').trim())`,
    )
  }

  async #whenUsable(selector: string): Promise<void> {
    await expect
      .poll(
        () =>
          this.#ask(
            selector,
            `(found) => found.length === 1 && found[0].checkVisibility() && !found[0].disabled
              ? 'usable' : found.length + ' found: ' + found.map((each) => each.outerHTML.slice(0, 120))`,
          ),
        { message: selector },
      )
      .toBe('usable')
  }

  /** Hands what is found to a function in the page. */
  async #ask<Answer>(selector: string, source: string): Promise<Answer> {
    const ask = `() => {
      if (globalThis.__finder === undefined) return { isReady: false }
      return { isReady: true, answer: (${source})(globalThis.__finder.all(${JSON.stringify(selector)})) }
    }`
    type Asked = { isReady: boolean; answer: Answer }
    const asked = await this.driver.run<Asked>(ask)
    if (asked.isReady) return asked.answer
    await this.driver.run(await (finder ??= bundle()))
    return (await this.driver.run<Asked>(ask)).answer
  }
}
