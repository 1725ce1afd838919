import { perform, type Instance } from './instance.ts'

const SETTING = 'asks_for_newer_version'

/** Whether the app may ask its server for a newer version when it is opened: so it is until a person says otherwise. */
export async function asksForNewerVersion(instance: Instance): Promise<boolean> {
  return (await instance.db.get('settings', SETTING))?.value !== false
}

export async function setAsking(instance: Instance, asks: boolean): Promise<void> {
  await perform(instance, 'setting_changed', ['settings'], async (tx) => {
    await tx.objectStore('settings').put({ name: SETTING, value: asks })
    return { result: undefined, subject: { name: SETTING, value: asks } }
  })
}
