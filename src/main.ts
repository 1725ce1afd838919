import { mount } from 'svelte'
import { createVerifier, openInstance } from './exchange/instance.ts'
import { loadSamples } from './exchange/samples.ts'
import App from './ui/App.svelte'
import { AppCopy } from './ui/AppCopy.svelte.ts'
import './ui/base.css'
import './ui/tokens.css'
import Unavailable from './ui/Unavailable.svelte'
import { WorkerBridge } from './worker/bridge.ts'
import { startWorker, toScriptURL } from './worker/start.ts'

const target = document.getElementById('app')!

/** The composition root: the one place where the layers are wired together. */
async function start(): Promise<void> {
  const worker = new WorkerBridge(startWorker)
  let lost = (_why: 'newer_version' | 'terminated') => location.reload()
  const verifier = await openInstance({ worker, onLost: (why) => lost(why) }).catch((error: unknown) =>
    createVerifier(worker, error),
  )
  const copy = new AppCopy()
  const app = mount(App, { target, props: { verifier, copy } })
  lost = (why) => app.lose(why)
  await loadSamples()
  if (!import.meta.env.DEV) await copy.keep(toScriptURL(new URL('./sw.js', document.baseURI).href))
}

start().catch((error: unknown) => mount(Unavailable, { target, props: { error } }))
