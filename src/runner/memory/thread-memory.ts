import type { JsonValue } from '@bufbuild/protobuf';
import type { RunnableConfig } from '@langchain/core/runnables';
import { type Checkpoint, type CheckpointMetadata, MemorySaver } from '@langchain/langgraph';
import { dataLoss } from '../../contract/errors.js';
import type { ThreadStore } from './thread-store.js';

export interface ThreadMemoryOptions {
  readonly threadId: string;
  readonly store: ThreadStore;
  /** Applied to everything that is kept, so that no secret of a run outlives it. */
  readonly mask: (value: JsonValue) => JsonValue;
}

/** What the store keeps. The parts are as the library serialises them. */
interface Kept {
  readonly version: 1;
  readonly id: string;
  readonly checkpoint: JsonValue;
  readonly metadata: JsonValue;
  readonly writes: readonly (readonly [key: string, task: string, channel: string, value: JsonValue, path: string])[];
}

/**
 * What an agent remembers of its thread, for the length of a run: the latest checkpoint in memory, and a copy in the store that follows
 * it. Earlier checkpoints are dropped, and so are those of sub-agents, whose memory ends with their task.
 */
export class ThreadMemory extends MemorySaver {
  readonly #options: ThreadMemoryOptions;
  #latest = '';
  #saving: Promise<void> | undefined;
  #stale = false;

  private constructor(options: ThreadMemoryOptions) {
    super();
    this.#options = options;
  }

  /** Loads what the store has. Throws StigmerError DATA_LOSS when that is not readable. */
  static async open(options: ThreadMemoryOptions): Promise<ThreadMemory> {
    const memory = new ThreadMemory(options);
    const text = await options.store.load(options.threadId);
    if (text !== undefined) memory.#restore(text);
    return memory;
  }

  override async put(config: RunnableConfig, checkpoint: Checkpoint, metadata: CheckpointMetadata): Promise<RunnableConfig> {
    const placed = await super.put(config, checkpoint, metadata);
    const namespace = (placed.configurable?.['checkpoint_ns'] as string | undefined) ?? '';
    this.#dropAllBut(namespace, checkpoint.id);
    if (namespace === '') {
      this.#latest = checkpoint.id;
      this.#save();
    }
    return placed;
  }

  override async putWrites(config: RunnableConfig, writes: Parameters<MemorySaver['putWrites']>[1], taskId: string, taskPath?: string): Promise<void> {
    await super.putWrites(config, writes, taskId, taskPath);
    if (((config.configurable?.['checkpoint_ns'] as string | undefined) ?? '') === '') this.#save();
  }

  /** Resolves when the store has the latest. Rejects when it could not be kept. */
  async settle(): Promise<void> {
    while (this.#saving !== undefined) await this.#saving;
  }

  #dropAllBut(namespace: string, id: string): void {
    const { threadId } = this.#options;
    const checkpoints = this.storage[threadId]?.[namespace] ?? {};
    for (const other of Object.keys(checkpoints)) {
      if (other === id) continue;
      delete checkpoints[other];
      delete this.writes[writesKey(threadId, namespace, other)];
    }
  }

  /** One save at a time, of the newest. */
  #save(): void {
    this.#stale = true;
    this.#saving ??= this.#saveAll().finally(() => (this.#saving = undefined));
    // Whoever settles hears of it.
    this.#saving.catch(() => undefined);
  }

  async #saveAll(): Promise<void> {
    const { store, threadId } = this.#options;
    while (this.#stale) {
      this.#stale = false;
      const kept = this.#kept();
      if (kept !== undefined) await store.save(threadId, JSON.stringify(kept));
    }
  }

  #kept(): Kept | undefined {
    const { threadId, mask } = this.#options;
    const [checkpoint, metadata] = this.storage[threadId]?.['']?.[this.#latest] ?? [];
    if (checkpoint === undefined || metadata === undefined) return undefined;
    const written = this.writes[writesKey(threadId, '', this.#latest)] ?? {};
    const writes = Object.entries(written).map(([key, [task, channel, value, path]]): Kept['writes'][number] => [key, task, channel, mask(parsed(value)), path ?? '']);
    return { version: 1, id: this.#latest, checkpoint: mask(parsed(checkpoint)), metadata: mask(parsed(metadata)), writes };
  }

  #restore(text: string): void {
    const { threadId } = this.#options;
    let kept: Kept;
    try {
      kept = JSON.parse(text) as Kept;
      if (kept.version !== 1) throw new Error(`it is of version ${String(kept.version)}, and this runner reads version 1`);
    } catch (error) {
      throw dataLoss(`The memory of the session cannot be read: ${(error as Error).message}`, { cause: error });
    }
    this.#latest = kept.id;
    this.storage[threadId] = { '': { [kept.id]: [bytes(kept.checkpoint), bytes(kept.metadata), undefined] } };
    this.writes[writesKey(threadId, '', kept.id)] = Object.fromEntries(
      kept.writes.map(([key, task, channel, value, path]) => [key, [task, channel, bytes(value), path]]),
    );
  }
}

/** The key under which the library keeps the writes of one checkpoint. */
function writesKey(threadId: string, namespace: string, checkpointId: string): string {
  return JSON.stringify([threadId, namespace, checkpointId]);
}

function parsed(data: Uint8Array): JsonValue {
  return JSON.parse(Buffer.from(data).toString()) as JsonValue;
}

function bytes(value: JsonValue): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
