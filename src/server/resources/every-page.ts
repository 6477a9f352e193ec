import type { Page, PageRequest } from '../../store/ports.js';

/** Entries read at a time. */
const LIMIT = 500;

/** Every entry of a list of the store, read page by page. */
export async function* everyPage<T>(list: (page: PageRequest) => Promise<Page<T>>): AsyncGenerator<T, void, void> {
  let page = await list({ limit: LIMIT });
  for (;;) {
    yield* page.items;
    if (page.next === undefined) return;
    page = await list({ after: page.next, limit: LIMIT });
  }
}
