import { fileURLToPath } from 'node:url'
import { defineConfig } from '@playwright/test'
import { ENGINES, FORMS, type Options } from './test.ts'

export default defineConfig<object, Options>({
  testDir: '.',
  outputDir: fileURLToPath(new URL('../../test-results/engines', import.meta.url)),
  globalSetup: './missing.ts',
  reporter: [['list', { printSteps: true }]],
  // Two browsers at once, of which one is a whole desktop's, are more than a small machine does in time.
  workers: 1,
  timeout: 600_000,
  expect: { timeout: 60_000 },
  forbidOnly: Boolean(process.env['CI']),
  projects: FORMS.flatMap((form) =>
    ENGINES.map((engine) => ({ name: `${engine}, ${form}`, use: { engine, form } })),
  ),
})
