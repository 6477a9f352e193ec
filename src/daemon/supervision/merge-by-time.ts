/** Merges sequences that are each in order of time into one. Holds one item of each. Of equal times the earlier source comes first. */
export async function* mergeByTime<T extends { readonly time: string }>(sources: readonly AsyncGenerator<T>[]): AsyncGenerator<T> {
  const heads: { readonly source: AsyncGenerator<T>; item: T }[] = [];
  try {
    for (const source of sources) {
      const first = await source.next();
      if (first.done !== true) heads.push({ source, item: first.value });
    }
    for (;;) {
      const next = earliest(heads);
      if (next === undefined) return;
      yield next.item;
      const following = await next.source.next();
      if (following.done === true) heads.splice(heads.indexOf(next), 1);
      else next.item = following.value;
    }
  } finally {
    // A reader that stops early must not leave files open.
    await Promise.all(sources.map((source) => source.return(undefined)));
  }
}

function earliest<T extends { readonly item: { readonly time: string } }>(heads: readonly T[]): T | undefined {
  let found: T | undefined;
  for (const head of heads) if (found === undefined || head.item.time < found.item.time) found = head;
  return found;
}
