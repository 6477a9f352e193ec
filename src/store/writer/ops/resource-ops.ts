import type Database from 'better-sqlite3';
import type { ResourceLink, ResourceRow } from '../../ports.js';
import { Refused } from '../refused.js';
import type { Handlers } from './context.js';

interface SideRows {
  readonly version: string;
  readonly labels: string;
  readonly tags: string;
  readonly links: string;
}

/** Changes of resources. Labels, tags and links stand in the row, as JSON, and once more in tables that look-ups use. */
export function resourceOps(
  db: Database.Database,
): Handlers<'insert-resource' | 'update-resource' | 'delete-resource' | 'require-resource' | 'require-childless' | 'require-unreferenced'> {
  const sideRows = db.prepare<[string, string], SideRows>('SELECT version, labels, tags, links FROM resources WHERE kind = ? AND id = ?');
  const exists = db.prepare<[string, string], number>('SELECT 1 FROM resources WHERE kind = ? AND id = ?').pluck();
  const holderOfSlug = db
    .prepare<[string, string, string], string>(`SELECT id FROM resources WHERE kind = ? AND slug = ? AND org = ? AND slug <> ''`)
    .pluck();
  const insert = db.prepare(
    `INSERT INTO resources (kind, id, org, slug, scope, parent, version, created_at, updated_at, labels, tags, links, data)
     VALUES (@kind, @id, @org, @slug, @scope, @parent, @version, @createdAt, @updatedAt, @labels, @tags, @links, @data)`,
  );
  const update = db.prepare(
    `UPDATE resources SET org = @org, slug = @slug, scope = @scope, parent = @parent, version = @version, created_at = @createdAt,
       updated_at = @updatedAt, labels = @labels, tags = @tags, links = @links, data = @data
     WHERE kind = @kind AND id = @id`,
  );
  const remove = db.prepare('DELETE FROM resources WHERE kind = ? AND id = ?');
  const addLabel = db.prepare('INSERT INTO resource_labels (kind, name, value, id) VALUES (?, ?, ?, ?)');
  const dropLabel = db.prepare('DELETE FROM resource_labels WHERE kind = ? AND name = ? AND value = ? AND id = ?');
  const addTag = db.prepare('INSERT OR IGNORE INTO resource_tags (kind, tag, id) VALUES (?, ?, ?)');
  const dropTag = db.prepare('DELETE FROM resource_tags WHERE kind = ? AND tag = ? AND id = ?');
  const addLink = db.prepare(
    `INSERT INTO resource_links (target_kind, target_id, kind, id, field, required) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET required = max(required, excluded.required)`,
  );
  const dropLink = db.prepare('DELETE FROM resource_links WHERE target_kind = ? AND target_id = ? AND kind = ? AND id = ? AND field = ?');
  const childResource = db.prepare<[string], { kind: string; id: string }>('SELECT kind, id FROM resources WHERE parent = ? LIMIT 1');
  const childExecution = db.prepare<[string, string, string], { kind: string; id: string }>(
    `SELECT kind, id FROM executions WHERE key = coalesce(
       (SELECT key FROM executions WHERE session_id = ? LIMIT 1),
       (SELECT key FROM executions WHERE instance_id = ? LIMIT 1),
       (SELECT key FROM executions WHERE owner_id = ? LIMIT 1))`,
  );
  const requiredBy = db.prepare<[string, string], { kind: string; id: string; field: string }>(
    'SELECT kind, id, field FROM resource_links WHERE target_kind = ? AND target_id = ? AND required = 1 LIMIT 1',
  );

  const columns = (row: ResourceRow): Record<string, unknown> => ({
    ...row,
    labels: JSON.stringify(row.labels),
    tags: JSON.stringify(row.tags),
    links: JSON.stringify(row.references),
    data: row.data,
  });

  const addSideRows = ({ kind, id, labels, tags, references }: ResourceRow): void => {
    for (const [name, value] of Object.entries(labels)) addLabel.run(kind, name, value, id);
    for (const tag of tags) addTag.run(kind, tag, id);
    for (const link of references) addLink.run(link.kind, link.id, kind, id, link.field, link.required ? 1 : 0);
  };

  const dropSideRows = (kind: string, id: string, stored: SideRows): void => {
    for (const [name, value] of Object.entries(JSON.parse(stored.labels) as Record<string, string>)) dropLabel.run(kind, name, value, id);
    for (const tag of JSON.parse(stored.tags) as string[]) dropTag.run(kind, tag, id);
    for (const link of JSON.parse(stored.links) as ResourceLink[]) dropLink.run(link.kind, link.id, kind, id, link.field);
  };

  const assertSlugFree = ({ kind, slug, org, id }: ResourceRow): void => {
    const holder = holderOfSlug.get(kind, slug, org);
    if (holder !== undefined && holder !== id) throw new Refused({ type: 'already-exists', kind, what: `slug '${slug}'`, id: holder });
  };

  const stored = (kind: string, id: string): SideRows => {
    const found = sideRows.get(kind, id);
    if (!found) throw new Refused({ type: 'not-found', kind, id });
    return found;
  };

  return {
    'insert-resource': ({ row }) => {
      if (exists.get(row.kind, row.id)) throw new Refused({ type: 'already-exists', kind: row.kind, what: 'this id', id: row.id });
      assertSlugFree(row);
      insert.run(columns(row));
      addSideRows(row);
    },
    'update-resource': ({ row, expectedVersion }) => {
      const { kind, id } = row;
      const before = stored(kind, id);
      if (before.version !== expectedVersion) {
        throw new Refused({ type: 'version-conflict', kind, id, expected: expectedVersion, actual: before.version });
      }
      assertSlugFree(row);
      dropSideRows(kind, id, before);
      update.run(columns(row));
      addSideRows(row);
    },
    'delete-resource': ({ kind, id }) => {
      dropSideRows(kind, id, stored(kind, id));
      remove.run(kind, id);
    },
    'require-resource': ({ kind, id, field }, { atEnd }) =>
      atEnd(() => {
        if (!exists.get(kind, id)) throw new Refused({ type: 'reference-missing', kind, id, field });
      }),
    'require-childless': ({ id }, { atEnd }) =>
      atEnd(() => {
        const child = childResource.get(id) ?? childExecution.get(id, id, id);
        if (child) throw new Refused({ type: 'has-children', id, childKind: child.kind, childId: child.id });
      }),
    'require-unreferenced': ({ kind, id }, { atEnd }) =>
      atEnd(() => {
        const by = requiredBy.get(kind, id);
        if (by) throw new Refused({ type: 'referenced', kind, id, byKind: by.kind, byId: by.id, field: by.field });
      }),
  };
}
