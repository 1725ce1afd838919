let moved = false
addEventListener('hashchange', () => (moved = true), { once: true })

/**
 * Attached to what an address leads to: moves the focus to its heading, so that it is read out and Tab goes on from
 * there. The page that was loaded with that address keeps the focus where the browser puts it.
 */
export function arrive(node: HTMLElement): void {
  if (!moved) return
  const target = node.querySelector<HTMLElement>('[data-arrive]') ?? node.querySelector('h2') ?? node
  target.tabIndex = -1
  target.focus()
}
