import type { BrowserContext } from '@playwright/test'

/** Runs `script` in each worker before what is its own. Before the context is closed: `unrouteAll`, as a lane may be loading still. */
export async function runInWorkers(context: BrowserContext, script: string): Promise<void> {
  await context.route(/\/omega\.worker-[^/]*\.js$/, async (route) => {
    const response = await route.fetch()
    await route.fulfill({ response, body: `${script}\n${await response.text()}` })
  })
}
