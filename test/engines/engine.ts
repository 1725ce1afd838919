/** An engine that the session runs in, by the name a person knows. */
export type EngineName = 'Chromium' | 'Firefox' | 'WebKitGTK'

export interface Engine {
  readonly name: EngineName
  /** Whether what it stored is there when it is opened again: WebKitGTK's driven sessions leave nothing behind. */
  readonly keeps: boolean
  /** Opens it with a profile in `folder`, made if absent. Opening the same folder again is a restart. */
  open(folder: string): Promise<Driver>
}

/** What every engine can be told, each by a driver of its own. `Tab` makes of it what a person does. */
export interface Driver {
  /** As the engine calls itself. */
  readonly version: string
  /** Answers once the page and what it began with are loaded. */
  goto(url: string): Promise<void>
  reload(): Promise<void>
  /** Calls a function in the page, given as its source, and awaits it. Arguments and answer are JSON. Throws what it throws. */
  run<Answer>(source: string, ...args: readonly unknown[]): Promise<Answer>
  /** Clicks the middle of the one element that `find` finds, with a pointer. */
  click(find: string): Promise<void>
  /** Types into it. */
  type(find: string, text: string): Promise<void>
  /** Gives a file to an input for files. */
  give(find: string, path: string): Promise<void>
  /** Does what makes the browser save a file, and answers where that lies once it is whole. */
  saved(deed: () => Promise<void>): Promise<string>
  /** Of what the window shows, as PNG. */
  picture(path: string, width: number, height: number): Promise<void>
  /** Errors, breaches of the policy, requests to elsewhere: what this engine tells of them. */
  problems(): Promise<string[]>
  close(): Promise<void>
}

/** The element that a selector finds, as the source of an expression: what `finder.ts` puts into the page is there by then. */
export function foundBy(selector: string): string {
  return `globalThis.__finder.all(${JSON.stringify(selector)})[0]`
}
