import { expect, test } from '@playwright/test'
import { openProfile } from './profile.ts'

test('the served app carries its policy and opens without a problem', async () => {
  const { page, problems, close } = await openProfile(test.info().outputPath('profile'))
  await page.goto('./')
  await expect(page).toHaveTitle(/Omega Exchange$/)
  await expect(page.locator('meta[http-equiv="Content-Security-Policy"]')).toHaveAttribute(
    'content',
    /default-src 'none'.*require-trusted-types-for 'script'/,
  )
  expect(problems).toEqual([])
  await close()
})
