import type { Page, PageRequest, ResourceFilter, ResourceLink, ResourceReader, ResourceRow } from '../ports.js';
import { type ListQuery, QueryBuilder, readPage } from './list-query.js';
import type { Statements } from './statements.js';

interface StoredResource {
  readonly kind: string;
  readonly id: string;
  readonly org: string;
  readonly slug: string;
  readonly scope: number;
  readonly parent: string;
  readonly version: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly labels: string;
  readonly tags: string;
  readonly links: string;
  readonly data: Buffer;
}

const COLUMNS = 'r.kind, r.id, r.org, r.slug, r.scope, r.parent, r.version, r.created_at, r.updated_at, r.labels, r.tags, r.links, r.data';

export function resourceReader(statements: Statements): ResourceReader {
  return {
    get: async (kind, id) => {
      const row = statements.query<StoredResource>(`SELECT ${COLUMNS} FROM resources r WHERE kind = ? AND id = ?`).get(kind, id);
      return row && toRow(row);
    },
    getBySlug: async (kind, org, slug) => {
      const sql = `SELECT ${COLUMNS} FROM resources r WHERE kind = ? AND slug = ? AND org = ? AND slug <> ''`;
      const row = statements.query<StoredResource>(sql).get(kind, slug, org);
      return row && toRow(row);
    },
    findBySlug: async (kind, slug) => {
      const sql = `SELECT ${COLUMNS} FROM resources r WHERE kind = ? AND slug = ? AND slug <> '' ORDER BY org`;
      return statements.query<StoredResource>(sql).all(kind, slug).map(toRow);
    },
    list: async (kind, filter, page) => statements.together(() => list(statements, resourceQuery(kind, filter), page)),
    referrers: async (kind, id, limit) => {
      const sql = `SELECT ${COLUMNS}, l.field, l.required FROM resource_links l CROSS JOIN resources r ON r.kind = l.kind AND r.id = l.id
        WHERE l.target_kind = ? AND l.target_id = ? ORDER BY l.kind, l.id, l.field LIMIT ?`;
      return statements.query<StoredResource & { field: string; required: number }>(sql).all(kind, id, limit).map((row) => ({
        row: toRow(row),
        link: { field: row.field, kind, id, required: row.required === 1 },
      }));
    },
    children: async (id, limit) => {
      const sql = `SELECT ${COLUMNS} FROM resources r WHERE parent = ? ORDER BY kind, id LIMIT ?`;
      return statements.query<StoredResource>(sql).all(id, limit).map(toRow);
    },
  };
}

function list(statements: Statements, query: ListQuery, { after, limit }: PageRequest): Page<ResourceRow> {
  const { rows, last, total } = readPage<StoredResource>(statements, query, COLUMNS, { ascending: true, after, limit });
  return { items: rows.map(toRow), total, ...(last && { next: last.id }) };
}

/** What drives: parent, else a label, else a tag, else the organisation, else the kind alone. */
export function resourceQuery(kind: string, { org, parent, labels = {}, tags = [] }: ResourceFilter): ListQuery {
  const [label, ...otherLabels] = Object.entries(labels);
  const [tag, ...otherTags] = tags;
  const query = new QueryBuilder();
  const joined = (table: string): string => `${table} d CROSS JOIN resources r ON r.kind = d.kind AND r.id = d.id`;
  const hasLabel = ([name, value]: [string, string]): QueryBuilder =>
    query.where('EXISTS (SELECT 1 FROM resource_labels WHERE kind = r.kind AND name = ? AND value = ? AND id = r.id)', name, value);
  const hasTag = (name: string): QueryBuilder =>
    query.where('EXISTS (SELECT 1 FROM resource_tags WHERE kind = r.kind AND tag = ? AND id = r.id)', name);

  if (parent !== undefined) query.from('resources r INDEXED BY resources_by_parent', 'r.id').where('r.parent = ?', parent).where('r.kind = ?', kind);
  else if (label) query.from(joined('resource_labels'), 'd.id').where('d.kind = ?', kind).where('d.name = ? AND d.value = ?', ...label);
  else if (tag !== undefined) query.from(joined('resource_tags'), 'd.id').where('d.kind = ?', kind).where('d.tag = ?', tag);
  else if (org !== undefined) query.from('resources r INDEXED BY resources_by_org', 'r.id').where('r.kind = ?', kind);
  else query.from('resources r INDEXED BY resources_by_id', 'r.id').where('r.kind = ?', kind);

  const drivenByLabel = parent === undefined && label !== undefined;
  const drivenByTag = parent === undefined && !label;
  if (label && !drivenByLabel) hasLabel(label);
  for (const other of otherLabels) hasLabel(other);
  if (tag !== undefined && !drivenByTag) hasTag(tag);
  for (const other of otherTags) hasTag(other);
  if (org !== undefined) query.where('r.org = ?', org);
  if (parent === undefined && !label && tag === undefined) {
    const total = 'SELECT coalesce(sum(total), 0) AS total FROM resource_counts WHERE kind = ?';
    if (org === undefined) query.totalFrom(total, kind);
    else query.totalFrom(`${total} AND org = ?`, kind, org);
  }
  return query.build();
}

function toRow(row: StoredResource): ResourceRow {
  return {
    kind: row.kind,
    id: row.id,
    org: row.org,
    slug: row.slug,
    scope: row.scope,
    parent: row.parent,
    version: row.version,
    labels: JSON.parse(row.labels) as Record<string, string>,
    tags: JSON.parse(row.tags) as string[],
    references: JSON.parse(row.links) as ResourceLink[],
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    data: row.data,
  };
}
