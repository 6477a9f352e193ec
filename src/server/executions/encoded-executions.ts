import type { Store } from '../../store/ports.js';
import type { ExecutionKind } from './execution-kind.js';
import { encodeExecution, envelopeOf } from './execution-message.js';
import { loadExecution } from './load-execution.js';

/** Bytes that are kept at most; an execution of more than a quarter of it is not kept. */
const CAPACITY = 32 * 1024 * 1024;

interface Encoded {
  readonly revision: number;
  readonly version: string;
  readonly bytes: Uint8Array;
}

/**
 * Executions as they are answered, encoded. What was encoded last is kept for as long as the log's head and the stored message's version
 * are the same, which one look-up tells: so what another process writes is seen at once.
 */
export class EncodedExecutions {
  readonly #store: Store;
  /** Least recently used first. */
  readonly #kept = new Map<string, Encoded>();
  #bytes = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Undefined when there is no such execution of this kind. */
  async get(kind: ExecutionKind, id: string): Promise<Uint8Array | undefined> {
    const stored = await this.#store.executions.get(id);
    if (stored === undefined || stored.row.kind !== kind.stored) return undefined;
    const kept = this.#kept.get(id);
    if (kept !== undefined && kept.revision === stored.head.revision && kept.version === stored.row.version) {
      this.#kept.delete(id);
      this.#kept.set(id, kept);
      return kept.bytes;
    }
    const loaded = await loadExecution(this.#store.executions, id);
    if (loaded === undefined) return undefined;
    const { row } = loaded.stored;
    const bytes = encodeExecution(envelopeOf(row), loaded.projection);
    this.#keep(id, { revision: loaded.revision, version: row.version, bytes });
    return bytes;
  }

  #keep(id: string, encoded: Encoded): void {
    this.#drop(id);
    if (encoded.bytes.length > CAPACITY / 4) return;
    this.#kept.set(id, encoded);
    this.#bytes += encoded.bytes.length;
    while (this.#bytes > CAPACITY) this.#drop(this.#kept.keys().next().value!);
  }

  #drop(id: string): void {
    this.#bytes -= this.#kept.get(id)?.bytes.length ?? 0;
    this.#kept.delete(id);
  }
}
