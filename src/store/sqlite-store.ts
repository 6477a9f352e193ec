import { randomUUID } from 'node:crypto';
import type Database from 'better-sqlite3';
import { StigmerError } from '../contract/errors.js';
import { backUp } from './backup.js';
import type {
  ArtifactStore,
  ChangeReader,
  CompactionReport,
  ExecutionReader,
  IdempotencyReader,
  IntentReader,
  ResourceReader,
  SecretReader,
  Store,
  StoreMaintenance,
  WriteOp,
} from './ports.js';
import { compact } from './retention.js';
import type { Vault } from './secrets/vault.js';
import type { StoreSettings } from './settings.js';
import type { ConnectionOptions } from './sqlite/database.js';
import { executionReader } from './sqlite/executions.js';
import type { LogReader } from './sqlite/log.js';
import { resourceReader } from './sqlite/resources.js';
import { changeReader, idempotencyReader, intentReader } from './sqlite/side-readers.js';
import type { Statements } from './sqlite/statements.js';
import type { Tail } from './tail.js';
import type { WriterOp } from './writer/protocol.js';
import type { Writer } from './writer/writer.js';

/** What a store is put together from. */
export interface StoreParts {
  readonly db: Database.Database;
  readonly connection: ConnectionOptions;
  readonly settings: StoreSettings;
  readonly statements: Statements;
  readonly log: LogReader;
  readonly tail: Tail;
  readonly writer: Writer;
  readonly vault: Vault;
  readonly artifacts: ArtifactStore;
  readonly problems: readonly string[];
}

/** The store on SQLite. Reads are made at once, on a connection of this thread; changes go to the writer thread. */
export class SqliteStore implements Store, StoreMaintenance {
  readonly resources: ResourceReader;
  readonly executions: ExecutionReader;
  readonly intents: IntentReader;
  readonly secrets: SecretReader;
  readonly idempotency: IdempotencyReader;
  readonly changes: ChangeReader;
  readonly artifacts: ArtifactStore;
  readonly problems: readonly string[];
  readonly #parts: StoreParts;
  #logId: string;
  #closing: Promise<void> | undefined;

  constructor(parts: StoreParts) {
    const { statements, log, tail } = parts;
    this.#parts = parts;
    this.resources = resourceReader(statements);
    this.executions = { ...executionReader(statements, log), tail: (listener) => tail.listen(listener) };
    this.intents = intentReader(statements);
    this.secrets = parts.vault;
    this.idempotency = idempotencyReader(statements);
    this.changes = changeReader(statements);
    this.artifacts = parts.artifacts;
    this.problems = parts.problems;
    this.#logId = statements.query<{ value: string }>(`SELECT value FROM meta WHERE name = 'log_id'`).get()?.value ?? '';
  }

  get logId(): string {
    return this.#logId;
  }

  get damaged(): ReadonlyMap<string, string> {
    return this.#parts.log.damaged;
  }

  async write(ops: readonly WriteOp[]): Promise<void> {
    if (ops.length === 0) return;
    const { log, vault, writer } = this.#parts;
    for (const op of ops) if (op.op === 'append') log.assertWhole(op.executionId);
    try {
      await writer.submit(vault.seal(ops));
    } catch (error) {
      if (!(error instanceof StigmerError) || error.reason !== 'KEY_REPLACED') throw error;
      vault.reload();
      await writer.submit(vault.seal(ops));
    }
    for (const op of ops) if (op.op === 'delete-execution') log.forget(op.id);
  }

  compact(now: number): Promise<CompactionReport> {
    return compact((ops) => this.#submit(ops), this.#parts.settings, now);
  }

  backup(file: string): Promise<void> {
    return backUp(this.#parts.connection, file);
  }

  async renewLogId(): Promise<string> {
    const value = randomUUID();
    await this.#submit([{ op: 'set-meta', name: 'log_id', value }]);
    this.#logId = value;
    return value;
  }

  rotateKey(): Promise<void> {
    return this.#parts.vault.rotate((ops) => this.#submit(ops));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { tail, writer, db } = this.#parts;
    await writer.drain();
    tail.close();
    // The writer's connection is the last: only one that can write moves the write-ahead log into the file as it goes.
    db.close();
    await writer.close();
  }

  #submit(ops: readonly WriterOp[]): Promise<number> {
    return this.#parts.writer.submit(ops);
  }
}
