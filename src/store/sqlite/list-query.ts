import type { Statements, Value } from './statements.js';

/**
 * The query of a list. One condition drives it, through an index that has the order of the list; the others are held against each
 * row. So a page costs what it has to look at, never a sort of all that matches.
 */
export interface ListQuery {
  /** Content of FROM, with the index to use. */
  readonly from: string;
  /** Column of the page's key, and of the order. */
  readonly order: string;
  readonly conditions: readonly string[];
  readonly values: readonly Value[];
  /** Gives `total` from what is kept of it; absent: the matches are counted. */
  readonly kept?: { readonly sql: string; readonly values: readonly Value[] };
}

export class QueryBuilder {
  #from = '';
  #order = '';
  readonly #conditions: string[] = [];
  readonly #values: Value[] = [];
  #kept: ListQuery['kept'];

  from(from: string, order: string): this {
    this.#from = from;
    this.#order = order;
    return this;
  }

  where(condition: string, ...values: readonly Value[]): this {
    this.#conditions.push(condition);
    this.#values.push(...values);
    return this;
  }

  totalFrom(sql: string, ...values: readonly Value[]): this {
    this.#kept = { sql, values };
    return this;
  }

  build(): ListQuery {
    const kept = this.#kept && { kept: this.#kept };
    return { from: this.#from, order: this.#order, conditions: this.#conditions, values: this.#values, ...kept };
  }
}

export interface PagePlace {
  readonly ascending: boolean;
  readonly after: Value | undefined;
  readonly limit: number;
}

export interface RowPage<R> {
  readonly rows: readonly R[];
  /** The row whose key the next page begins after; undefined when there is none. */
  readonly last: R | undefined;
  /** How many rows match in all. */
  readonly total: number;
}

/** The rows of a page. The reads should be in one transaction. */
export function readPage<R>(statements: Statements, query: ListQuery, columns: string, place: PagePlace): RowPage<R> {
  const key = place.after === undefined ? [] : [place.after];
  // One row more than asked for tells whether there is a next page.
  const found = statements.query<R>(pageSql(query, columns, place)).all(...query.values, ...key, place.limit + 1);
  const rows = found.slice(0, place.limit);
  const { sql, values } = query.kept ?? { sql: countSql(query), values: query.values };
  const total = statements.query<{ total: number }>(sql).get(...values)?.total ?? 0;
  return { rows, last: found.length > place.limit ? rows.at(-1) : undefined, total };
}

export function pageSql({ from, order, conditions }: ListQuery, columns: string, { ascending, after }: PagePlace): string {
  const beyond = after === undefined ? [] : [`${order} ${ascending ? '>' : '<'} ?`];
  return `SELECT ${columns} FROM ${from}${where([...conditions, ...beyond])} ORDER BY ${order} ${ascending ? 'ASC' : 'DESC'} LIMIT ?`;
}

export function countSql({ from, conditions }: ListQuery): string {
  return `SELECT count(*) AS total FROM ${from}${where(conditions)}`;
}

function where(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
}
