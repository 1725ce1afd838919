/** What is scrolled under the head of the page is out of sight. */
const HEADER = 56

/** A page that was just loaded keeps the focus where the browser puts it; from a person's first deed on it is led. */
let begun = false
for (const deed of ['hashchange', 'keydown', 'pointerdown', 'change', 'drop', 'paste'])
  addEventListener(deed, () => (begun = true), { once: true, capture: true })

/**
 * Attached to what has just come up: moves the focus to its heading, or to what in it is marked `data-arrive`, so that
 * it is read out and Tab goes on from there.
 */
export function arrive(node: HTMLElement): void {
  if (!begun) return
  const target = node.querySelector<HTMLElement>('[data-arrive]') ?? node.querySelector('h2') ?? node
  target.tabIndex = -1
  const { top } = target.getBoundingClientRect()
  target.focus({ preventScroll: top > HEADER && top < innerHeight })
}

/** Beside a list that is seen the focus stays in the list. */
export function arriveAlone(node: HTMLElement): void {
  if (matchMedia('(max-width: 959px)').matches) arrive(node)
}

/** What had the focus may be gone with the page it stood on: then it begins at the title of the new one. */
export function arriveAtTitle(): void {
  if (document.activeElement === document.body) goToTitle()
}

/** Nor does it stay on the rail by which one went. */
export function leaveRail(rail: HTMLElement): void {
  if (rail.contains(document.activeElement)) goToTitle()
}

function goToTitle(): void {
  const title = document.querySelector('h1')
  if (title !== null) arrive(title)
}
