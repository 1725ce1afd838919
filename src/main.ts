import { mount } from 'svelte'
import { version } from '../package.json'
import { createVerifier, isInstance, openInstance, type Instance } from './exchange/instance.ts'
import { asksForNewerVersion } from './exchange/newer-version.ts'
import { loadSamples } from './exchange/samples.ts'
import { takeBridgeToken } from './tools/bridge-token.ts'
import App from './ui/App.svelte'
import { AppCopy } from './ui/AppCopy.svelte.ts'
import './ui/base.css'
import './ui/tokens.css'
import { saveFile } from './ui/save-file.ts'
import Unavailable from './ui/Unavailable.svelte'
import { WorkerBridge } from './worker/bridge.ts'
import { createHere, createWorkerStart, toScriptURL } from './worker/start.ts'

const target = document.getElementById('app')!

/** The composition root: the one place where the layers are wired together. */
async function start(): Promise<void> {
  const bridgeToken = takeBridgeToken()
  const starting = createWorkerStart()
  const worker = new WorkerBridge(starting.worker)
  const workHere = createHere?.(worker, starting)
  // The first list comes from it.
  worker.prepare()
  let lost = (_why: 'newer_version' | 'terminated') => location.reload()
  const verifier = await openInstance({ worker, workHere, onLost: (why) => lost(why) }).catch(
    (error: unknown) => createVerifier(worker, error),
  )
  const copy = new AppCopy(toScriptURL(new URL('./sw.js', document.baseURI).href))
  const loadAgents = async (instance: Instance) =>
    (await import('./tools/agents.ts')).createAgents({ instance, download: saveFile, bridgeToken, version })
  target.replaceChildren()
  const app = mount(App, { target, props: { verifier, copy, loadAgents } })
  lost = (why) => app.lose(why)
  await loadSamples()
  // Without the store it is not known whether a person wants none.
  if (import.meta.env.DEV || !isInstance(verifier)) return
  const settle = async () => copy.settle(await asksForNewerVersion(verifier))
  // Chosen here or in another tab.
  verifier.changes.listen(() => void settle().catch(() => undefined))
  // Where the store has gone meanwhile, what is asked of it next says so.
  await settle().catch(() => undefined)
}

start().catch((error: unknown) => {
  target.replaceChildren()
  mount(Unavailable, { target, props: { error } })
})
