import { expect } from '@playwright/test'
import {
  getByLabelSelector,
  getByRoleSelector as role,
  getByTestIdSelector,
  getByTextSelector as text,
} from 'ivya'
import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import type { Tab } from './tab.ts'

/** The steps of `test/e2e/steps.ts` in any engine. */

type Name = string | RegExp

export { text }
export const label = getByLabelSelector
export const at = (id: string): string => getByTestIdSelector('data-testid', id)
export const button = (name: Name): string => role('button', { name, exact: true })
export const first = (selector: string): string => `${selector} >> nth=0`
export const last = (selector: string): string => `${selector} >> nth=-1`
const heading = (name: Name): string => role('heading', { level: 1, name })
export const link = (name: Name): string => role('link', { name })

export async function goTo(tab: Tab, place: 'Memories' | 'Exchange' | 'Peers' | 'Identity'): Promise<void> {
  const item = `${role('navigation')} >> ${role('link', { name: place, exact: true })}`
  // A place that has just loaded is drawn anew, and a click meant for the one before it is lost, as in a person's hand.
  await expect(async () => {
    await tab.click(item)
    await tab.shows(heading(place), '', 5000)
  }).toPass()
}

/** A button, or a link that is one to a person. */
export async function press(tab: Tab, name: Name): Promise<void> {
  const either = `${role('button', { name })} >> internal:or=${JSON.stringify(link(name))}`
  await tab.click(first(either))
}

export async function makeIdentity(tab: Tab, name: string): Promise<void> {
  await goTo(tab, 'Identity')
  await tab.fill(label('Name of this instance'), name)
  if (tab.passphrase === null) await tab.check(label('Without a backup'))
  else {
    await tab.fill(label('Passphrase', { exact: true }), tab.passphrase)
    await tab.fill(label('Passphrase again', { exact: true }), tab.passphrase)
  }
  await tab.click(button('Make identity'))
  await tab.shows(at('save-pem'))
}

/** Signs what the open form selects, unlocking the identity where it is locked. */
export async function signAndSave(tab: Tab): Promise<{ path: string; text: string }> {
  const sign = button('Sign and save')
  await tab.shows(`${at('unlock')} >> internal:or=${JSON.stringify(sign)}`)
  if ((await tab.texts(at('unlock'))).length > 0) {
    await tab.fill(label('Passphrase', { exact: true }), tab.passphrase ?? '')
    await tab.click(button('Unlock'))
  }
  return tab.download(() => tab.click(sign))
}

export async function loadSample(tab: Tab, name: string): Promise<void> {
  await goTo(tab, 'Memories')
  await tab.click(button(name))
  await tab.click(button(/^Take in \d+ memories$/))
}

/** Picks a file as a person does. */
export async function openFile(tab: Tab, path: string): Promise<void> {
  await goTo(tab, 'Exchange')
  await tab.give(first(at('open-file')), path)
}

/** A file of these bytes, as somebody was sent it. */
export async function openBytes(tab: Tab, folder: string, name: string, bytes: Uint8Array): Promise<void> {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  await openFile(tab, path)
}

export async function goToPeer(tab: Tab, name: string): Promise<void> {
  await goTo(tab, 'Peers')
  await tab.click(first(link(new RegExp(name))))
}

/** Trusts who signed the opened manifest. */
export async function trustSigner(tab: Tab, compared: string, name: string): Promise<void> {
  await press(tab, /Trust this signer/)
  await tab.check(label(compared))
  await tab.check(label(/All 8 words/))
  await tab.fill(label('Your name for this peer'), name)
  await tab.click(button('Trust this key'))
  await tab.shows(text(name))
  await tab.hasNo(button('Trust this key'))
}
