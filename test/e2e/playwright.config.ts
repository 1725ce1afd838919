import { fileURLToPath } from 'node:url'
import { defineConfig } from '@playwright/test'
import { findBrowser } from '../browser.ts'
import { freePort } from '../free-port.ts'

const project = fileURLToPath(new URL('../..', import.meta.url))

// Every test process loads this file again: what the first one chose reaches the others by the environment.
process.env['OMEGA_E2E_PORT'] ??= String(await freePort())
const baseURL = `http://127.0.0.1:${process.env['OMEGA_E2E_PORT']}`

const { launchOptions } = await findBrowser()

export default defineConfig({
  testDir: '.',
  outputDir: `${project}/test-results/e2e`,
  // Profiles of tests that passed would pile up.
  preserveOutput: 'failures-only',
  reporter: 'list',
  workers: 2,
  // For a machine that has other work too: what fails takes longer, and nothing else does.
  timeout: 120_000,
  expect: { timeout: 20_000 },
  forbidOnly: Boolean(process.env['CI']),
  projects: [{ name: 'chromium' }],
  use: {
    baseURL,
    launchOptions,
    headless: true,
    // Keeping one takes as much time as the test itself: `-- --trace retain-on-failure` does where a test is studied.
    trace: 'off',
    screenshot: 'only-on-failure',
    actionTimeout: 30_000,
  },
  webServer: {
    command: `node node_modules/vite/bin/vite.js preview --host 127.0.0.1 --port ${process.env['OMEGA_E2E_PORT']} --strictPort`,
    cwd: project,
    url: baseURL,
    // A server left over from another run would serve another build.
    reuseExistingServer: false,
    timeout: 30_000,
  },
})
