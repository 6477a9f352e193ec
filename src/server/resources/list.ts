import { invalidArgument } from '../../contract/errors.js';
import { checkLimit, DEFAULT_PAGE_SIZE, PAGE_LIMIT } from '../../contract/limits.js';
import type { Page, ResourceFilter, ResourceRow, Store } from '../../store/ports.js';
import { decodePageToken, encodePageToken } from './page-token.js';

/** A page may not grow beyond this many bytes: the original's clients read messages of 4 MiB. It holds one entry at least. */
const PAGE_BYTES = 3 * 1024 * 1024;

/** Which page, as requests ask for it. */
export interface PageAsked {
  /** 0 leaves it to the server. */
  readonly pageSize: number;
  readonly pageToken: string;
}

/** What a request means that does not say which page. */
export const FIRST_PAGE = { num: 1, size: 0 } as const;

export interface ListedPage {
  readonly rows: readonly ResourceRow[];
  /** Absent on the last page. */
  readonly nextPageToken?: string;
  /** How many rows match in all. */
  readonly total: number;
  readonly totalPages: number;
}

/** The size of a page as asked for, or the default. INVALID_ARGUMENT when negative, RESOURCE_EXHAUSTED with both numbers when too large. */
export function pageSize(asked: number, field = 'page_size'): number {
  if (asked < 0) throw invalidArgument(field, `must not be negative, and is ${asked}`);
  checkLimit(PAGE_LIMIT, asked);
  return asked === 0 ? DEFAULT_PAGE_SIZE : asked;
}

/** One page of the resources of a kind, in order of their ids. `filters` are alternatives: what matches one of them is listed. */
export async function listPage(store: Store, kind: string, filters: readonly ResourceFilter[], asked: PageAsked): Promise<ListedPage> {
  const limit = pageSize(asked.pageSize);
  const conditions = { kind, filters };
  const after = decodePageToken(asked.pageToken, conditions);
  const pages = await Promise.all(
    filters.map((filter) => store.resources.list(kind, filter, { ...(after === '' ? {} : { after }), limit })),
  );
  const { rows, more } = firstRows(pages, limit);
  const total = pages.reduce((sum, page) => sum + page.total, 0);
  const last = rows.at(-1);
  return {
    rows,
    total,
    totalPages: Math.ceil(total / limit),
    ...(more && last !== undefined ? { nextPageToken: encodePageToken(last.id, conditions) } : {}),
  };
}

/** One page by number, from 1. It is found by walking to it, so this is for the short lists that the contract numbers. */
export async function numberedPage(
  store: Store,
  kind: string,
  filter: ResourceFilter,
  asked: { readonly num: number; readonly size: number },
): Promise<ListedPage> {
  if (asked.num < 0) throw invalidArgument('page_info.num', `must not be negative, and is ${asked.num}`);
  const limit = pageSize(asked.size, 'page_info.size');
  let page = await store.resources.list(kind, filter, { limit });
  for (let num = 1; num < asked.num; num++) {
    if (page.next === undefined) return { rows: [], total: page.total, totalPages: Math.ceil(page.total / limit) };
    page = await store.resources.list(kind, filter, { after: page.next, limit });
  }
  return { rows: page.items, total: page.total, totalPages: Math.ceil(page.total / limit) };
}

function firstRows(pages: readonly Page<ResourceRow>[], limit: number): { rows: ResourceRow[]; more: boolean } {
  const candidates = pages.flatMap((page) => page.items).sort((left, right) => (left.id < right.id ? -1 : 1));
  let bytes = 0;
  const fitting = candidates.slice(0, limit).filter((row, index) => {
    bytes += row.data.length;
    return index === 0 || bytes <= PAGE_BYTES;
  });
  return { rows: fitting, more: fitting.length < candidates.length || pages.some((page) => page.next !== undefined) };
}
