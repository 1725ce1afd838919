/** Moves the focus to what has just come up, so that keys and ears begin there. */
export function arrive(element: HTMLElement): void {
  element.tabIndex = -1
  element.focus({ preventScroll: element.getBoundingClientRect().top < innerHeight })
}
