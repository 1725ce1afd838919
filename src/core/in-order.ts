/**
 * Each item with what `work` makes of it, in the order of the items, at most `ahead` under way at once. The first
 * rejection comes in its turn; what is under way then is not waited for.
 */
export async function* inOrder<Item, Result>(
  items: Iterable<Item>,
  ahead: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<readonly [Item, Result]> {
  const pending: { readonly item: Item; readonly result: Promise<Result> }[] = []
  const next = async () => {
    const { item, result } = pending.shift()!
    return [item, await result] as const
  }
  for (const item of items) {
    if (pending.length >= ahead) yield await next()
    const result = work(item)
    // If nobody asks for it any more, its failure is nobody's.
    result.catch(() => undefined)
    pending.push({ item, result })
  }
  while (pending.length > 0) yield await next()
}
