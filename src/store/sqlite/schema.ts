/**
 * Version 1.
 *
 * `segments` is the execution log: one row for each append, all executions in one sequence, so that a commit writes pages at the end
 * of the table only. Each row names the one before it of the same execution. Every 64th, and each that changes more of the head than
 * the revision, carries the head and stands in the index: a look-up finds the nearest of these and follows the chain from there.
 * `heads` holds what every append changes, in rows so short that those of all live executions lie on few pages. Positions are never
 * used twice: `log_floor` in `meta` is the highest that was removed.
 */
export const schemaVersion1 = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE resources (
  key INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  org TEXT NOT NULL,
  slug TEXT NOT NULL,
  scope INTEGER NOT NULL,
  parent TEXT NOT NULL,
  version TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  labels TEXT NOT NULL,
  tags TEXT NOT NULL,
  links TEXT NOT NULL,
  data BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX resources_by_id ON resources (kind, id);
CREATE UNIQUE INDEX resources_by_slug ON resources (kind, slug, org) WHERE slug <> '';
CREATE INDEX resources_by_org ON resources (kind, org, id);
CREATE INDEX resources_by_parent ON resources (parent, kind, id);
CREATE TABLE resource_labels (
  kind TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, id TEXT NOT NULL,
  PRIMARY KEY (kind, name, value, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE resource_tags (kind TEXT NOT NULL, tag TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (kind, tag, id)) STRICT, WITHOUT ROWID;
CREATE TABLE resource_links (
  target_kind TEXT NOT NULL, target_id TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, field TEXT NOT NULL, required INTEGER NOT NULL,
  PRIMARY KEY (target_kind, target_id, kind, id, field)
) STRICT, WITHOUT ROWID;

CREATE TABLE executions (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  org TEXT NOT NULL,
  slug TEXT NOT NULL,
  name TEXT NOT NULL,
  session_id TEXT NOT NULL,
  owner_id TEXT NOT NULL,
  instance_id TEXT NOT NULL,
  version TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  tags TEXT NOT NULL,
  phase INTEGER NOT NULL,
  started_at TEXT NOT NULL,
  completed_at TEXT NOT NULL,
  error TEXT NOT NULL,
  finished_at INTEGER,
  events_kept INTEGER NOT NULL
) STRICT;
CREATE INDEX executions_by_kind ON executions (kind);
CREATE INDEX executions_by_phase ON executions (phase);
CREATE INDEX executions_by_session ON executions (session_id);
CREATE INDEX executions_by_owner ON executions (owner_id);
CREATE INDEX executions_by_instance ON executions (instance_id);
CREATE INDEX executions_by_org ON executions (org);
CREATE INDEX executions_by_finish ON executions (finished_at) WHERE finished_at IS NOT NULL AND events_kept = 1;
CREATE TABLE execution_tags (tag TEXT NOT NULL, execution INTEGER NOT NULL, PRIMARY KEY (tag, execution)) STRICT, WITHOUT ROWID;
CREATE TABLE execution_data (execution INTEGER PRIMARY KEY REFERENCES executions ON DELETE CASCADE, data BLOB NOT NULL) STRICT;
CREATE TABLE heads (
  execution INTEGER PRIMARY KEY REFERENCES executions ON DELETE CASCADE,
  revision INTEGER NOT NULL,
  attempt INTEGER,
  sequence INTEGER,
  last_segment INTEGER NOT NULL,
  since_indexed INTEGER NOT NULL
) STRICT;
CREATE TABLE snapshots (
  execution INTEGER PRIMARY KEY REFERENCES executions ON DELETE CASCADE,
  revision INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  state BLOB NOT NULL
) STRICT;

CREATE TABLE segments (
  position INTEGER PRIMARY KEY,
  execution INTEGER NOT NULL,
  first_revision INTEGER NOT NULL,
  count INTEGER NOT NULL,
  previous INTEGER NOT NULL,
  attempt INTEGER,
  sequence INTEGER,
  head TEXT,
  checksum INTEGER NOT NULL,
  events BLOB NOT NULL
) STRICT;
CREATE INDEX segments_by_execution ON segments (execution, first_revision) WHERE head IS NOT NULL;
CREATE TABLE dropped_chains (last_segment INTEGER PRIMARY KEY) STRICT;

CREATE TABLE intents (
  id TEXT PRIMARY KEY,
  type TEXT NOT NULL,
  subject TEXT NOT NULL,
  payload TEXT NOT NULL,
  due_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX intents_by_time ON intents (due_at, id);
CREATE INDEX intents_by_subject ON intents (subject, id);

CREATE TABLE secrets (
  owner_id TEXT NOT NULL, field TEXT NOT NULL, key_version INTEGER NOT NULL, nonce BLOB NOT NULL, sealed BLOB NOT NULL,
  PRIMARY KEY (owner_id, field)
) STRICT, WITHOUT ROWID;
CREATE INDEX secrets_by_key_version ON secrets (key_version);
CREATE TABLE secret_claims (owner_id TEXT NOT NULL, attempt INTEGER NOT NULL, PRIMARY KEY (owner_id, attempt)) STRICT, WITHOUT ROWID;

CREATE TABLE idempotent_answers (
  key TEXT PRIMARY KEY, request_hash TEXT NOT NULL, expires_at INTEGER NOT NULL, response BLOB NOT NULL
) STRICT;
CREATE INDEX idempotent_answers_by_expiry ON idempotent_answers (expires_at);

CREATE TABLE changes (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  kind TEXT NOT NULL,
  resource_id TEXT NOT NULL,
  org TEXT NOT NULL,
  fields TEXT NOT NULL
) STRICT;
CREATE INDEX changes_by_kind ON changes (kind);
CREATE INDEX changes_by_resource ON changes (resource_id);
CREATE INDEX changes_by_time ON changes (at);
`;

/**
 * Version 2: how many resources of each kind every organisation has, kept by triggers, so that a list's total need not be counted. A
 * count of 100,000 rows costs ten times the page that it is shown with.
 */
export const schemaVersion2 = `
CREATE TABLE resource_counts (kind TEXT NOT NULL, org TEXT NOT NULL, total INTEGER NOT NULL, PRIMARY KEY (kind, org)) STRICT, WITHOUT ROWID;
INSERT INTO resource_counts SELECT kind, org, count(*) FROM resources GROUP BY kind, org;
CREATE TRIGGER resource_counted AFTER INSERT ON resources BEGIN
  INSERT INTO resource_counts VALUES (new.kind, new.org, 1) ON CONFLICT DO UPDATE SET total = total + 1;
END;
CREATE TRIGGER resource_discounted AFTER DELETE ON resources BEGIN
  UPDATE resource_counts SET total = total - 1 WHERE kind = old.kind AND org = old.org;
END;
CREATE TRIGGER resource_recounted AFTER UPDATE OF org ON resources WHEN old.org <> new.org BEGIN
  UPDATE resource_counts SET total = total - 1 WHERE kind = old.kind AND org = old.org;
  INSERT INTO resource_counts VALUES (new.kind, new.org, 1) ON CONFLICT DO UPDATE SET total = total + 1;
END;
`;
