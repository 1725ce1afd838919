import { mount } from 'svelte'
import { openInstance } from './exchange/instance.ts'
import { loadSamples } from './exchange/samples.ts'
import App from './ui/App.svelte'
import { AppCopy } from './ui/AppCopy.svelte.ts'
import './ui/base.css'
import './ui/tokens.css'
import Unavailable from './ui/Unavailable.svelte'
import { WorkerBridge } from './worker/bridge.ts'
import { createWorkerStart, toScriptURL } from './worker/start.ts'

const target = document.getElementById('app')!

/** The composition root: the one place where the layers are wired together. */
async function start(): Promise<void> {
  const worker = new WorkerBridge(await createWorkerStart())
  let lost = (_why: 'newer_version' | 'terminated') => location.reload()
  const instance = await openInstance({ worker, onLost: (why) => lost(why) })
  const copy = new AppCopy()
  const app = mount(App, { target, props: { instance, copy } })
  lost = (why) => app.lose(why)
  await loadSamples()
  // The one file is its own copy.
  if (import.meta.env.PROD && import.meta.env.MODE !== 'single')
    await copy.keep(toScriptURL(new URL('./sw.js', document.baseURI).href))
}

start().catch((error: unknown) => mount(Unavailable, { target, props: { error } }))
