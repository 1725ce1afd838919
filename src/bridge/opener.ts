import { spawn } from 'node:child_process'

/** A tab of before comes back by itself within this time. */
const PATIENCE_MS = 4000
/** So that clients that come one after another do not open one tab each. */
const ONCE_IN_MS = 60_000

/** Opens the app in a browser when a client has come and no tab is there. */
export class Opener {
  readonly #browser: string | 'default' | null
  readonly #address: string
  readonly #isThere: () => boolean
  readonly #say: (words: string) => void
  #opened = -Infinity
  #timer: NodeJS.Timeout | undefined

  /** `browser`: a program, or null to say the address only, which bears the tab's token. */
  constructor(
    browser: string | 'default' | null,
    address: string,
    isThere: () => boolean,
    say: (words: string) => void,
  ) {
    this.#browser = browser
    this.#address = address
    this.#isThere = isThere
    this.#say = say
  }

  /** A client has come. */
  want(): void {
    if (this.#timer !== undefined || performance.now() - this.#opened < ONCE_IN_MS) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      if (!this.#isThere()) this.#open()
    }, PATIENCE_MS)
  }

  #open(): void {
    this.#opened = performance.now()
    if (this.#browser === null) return this.#say(`No tab is open. Open ${this.#address}`)
    const [command, ...args] = this.#browser === 'default' ? ofSystem() : [this.#browser]
    // An argument of its own and no shell: nothing in the address is ever a command.
    const child = spawn(command!, [...args, this.#address], { detached: true, stdio: 'ignore' })
    const failed = (why: string) =>
      this.#say(`${JSON.stringify(command)} opened no browser (${why}). Open ${this.#address}`)
    child.on('error', ({ message }) => failed(message))
    child.on('exit', (code) => {
      if (code !== null && code !== 0) failed(`exit code ${code}`)
    })
    child.unref()
  }
}

function ofSystem(): string[] {
  if (process.platform === 'win32') return ['rundll32.exe', 'url.dll,FileProtocolHandler']
  return [process.platform === 'darwin' ? 'open' : 'xdg-open']
}
