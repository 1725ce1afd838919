import { createContext, type Component } from 'svelte'

const asPlace = ({ default: place }: { readonly default: Component }) => place

/** What comes behind the page: more than half of the program, and nobody waits for it to see the first list. */
const LATER = {
  memories: () => import('./views/memories/steps.ts'),
  /** What opens files, from any place. */
  opening: () => import('../exchange/open.ts'),
  exchange: () => import('./views/ExchangePlace.svelte').then(asPlace),
  peers: () => import('./views/PeersPlace.svelte').then(asPlace),
  agents: () => import('./views/AgentsPlace.svelte').then(asPlace),
  /** No place: what an agent asks comes up over any. */
  consent: () => import('./views/agents/Consent.svelte').then(asPlace),
  identity: () => import('./views/IdentityPlace.svelte').then(asPlace),
}
type Parts = { readonly [Name in keyof typeof LATER]: Awaited<ReturnType<(typeof LATER)[Name]>> }

/** The parts of the app that have come by now. */
export class Behind {
  parts = $state.raw<Partial<Parts>>({})
  isMissing = $state(false)

  /** All of them right away: the server may be gone when one is wanted, and the app asks it for nothing later on. */
  load(): void {
    for (const [name, load] of Object.entries(LATER))
      load().then(
        (part) => (this.parts = { ...this.parts, [name]: part }),
        () => (this.isMissing = true),
      )
  }
}

export const [getBehind, setBehind] = createContext<Behind>()
