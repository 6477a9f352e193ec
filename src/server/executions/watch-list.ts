import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { Code, StigmerError } from '../../contract/errors.js';
import {
  type ExecutionSummary,
  ExecutionSummarySchema,
  ListChange_Kind as ChangeKind,
  type WatchListRequest,
  type WatchListResponse,
  WatchListResponseSchema,
} from '../../contract/gen/stigmer/stream/v1/stream_pb.js';
import type { ExecutionFilter, ExecutionHead, StoredExecution } from '../../store/ports.js';
import type { CallContext, Send } from '../rpc.js';
import type { ExecutionsContext } from './context.js';
import type { ListEvent, ListFeed } from './list-feed.js';

export interface WatchListContext extends Pick<ExecutionsContext, 'store' | 'clock'> {
  readonly feed: ListFeed;
}

/** Executions that one watch of a list may hold. */
const LIST_LIMIT = 10_000;
const PAGE = 500;
/** A list without news sends a bookmark this often, so that silence can be told from a dead connection. */
const BOOKMARK_MS = 15_000;

/** Streams the executions that match a filter: all of them, then what is added, changed and removed. */
export async function watchList(context: WatchListContext, request: WatchListRequest, send: Send<WatchListResponse>, call: CallContext): Promise<void> {
  const watch = new ListWatch(context, filterOf(request), send, call.signal);
  await watch.run();
}

function filterOf({ sessionId, ownerId, phases, org }: WatchListRequest): ExecutionFilter {
  return {
    ...(sessionId === '' ? {} : { sessionId }),
    ...(ownerId === '' ? {} : { ownerId }),
    ...(org === '' ? {} : { org }),
    ...(phases.length === 0 ? {} : { phases }),
  };
}

class ListWatch {
  readonly #context: WatchListContext;
  readonly #filter: ExecutionFilter;
  readonly #send: Send<WatchListResponse>;
  readonly #signal: AbortSignal;
  /** What the watcher has. */
  readonly #shown = new Map<string, ExecutionSummary>();
  /** Executions of which something is to be told, with the newest head; undefined for a deleted one. One entry each, however much happens. */
  readonly #news = new Map<string, ExecutionHead | undefined>();
  #wake: () => void = () => undefined;

  constructor(context: WatchListContext, filter: ExecutionFilter, send: Send<WatchListResponse>, signal: AbortSignal) {
    this.#context = context;
    this.#filter = filter;
    this.#send = send;
    this.#signal = signal;
  }

  async run(): Promise<void> {
    // Listening begins before the list is read, so that nothing falls between.
    const stopListening = this.#context.feed.listen((event) => this.#note(event));
    const onAbort = (): void => this.#wake();
    this.#signal.addEventListener('abort', onAbort);
    try {
      await this.#sendSnapshot();
      for (;;) {
        const news = await this.#waitForNews();
        if (this.#signal.aborted) throw StigmerError.from(this.#signal.reason);
        if (news) await this.#sendNews();
        else await this.#write({ case: 'bookmark', value: {} });
      }
    } finally {
      stopListening();
      this.#signal.removeEventListener('abort', onAbort);
    }
  }

  async #sendSnapshot(): Promise<void> {
    const { executions } = this.#context.store;
    let after: string | undefined;
    do {
      const page = await executions.list(this.#filter, { ...(after === undefined ? {} : { after }), limit: PAGE });
      if (page.total > LIST_LIMIT) {
        throw new StigmerError(Code.RESOURCE_EXHAUSTED, `${page.total} executions match, and a list that is watched holds at most ${LIST_LIMIT}. Ask for fewer, by session, owner or phase.`);
      }
      for (const stored of page.items) this.#shown.set(stored.row.id, summaryOf(stored));
      after = page.next;
    } while (after !== undefined);
    await this.#write({ case: 'snapshot', value: { executions: [...this.#shown.values()] } });
  }

  #note(event: ListEvent): void {
    if (event.type === 'deleted') {
      this.#news.set(event.executionId, undefined);
    } else {
      const shown = this.#shown.get(event.executionId);
      // Most appends only add to the conversation, which a list does not show.
      if (shown !== undefined && !this.#news.has(event.executionId) && showsTheSame(shown, event.head)) return;
      this.#news.set(event.executionId, event.head);
    }
    this.#wake();
  }

  async #waitForNews(): Promise<boolean> {
    if (this.#news.size > 0) return true;
    return new Promise((resolve) => {
      const cancelTimer = this.#context.clock.setTimer(BOOKMARK_MS, () => this.#wake());
      this.#wake = () => {
        this.#wake = () => undefined;
        cancelTimer();
        resolve(this.#news.size > 0);
      };
    });
  }

  async #sendNews(): Promise<void> {
    for (const [id, head] of this.#news) {
      this.#news.delete(id);
      const stored = head === undefined ? undefined : await this.#context.store.executions.get(id);
      if (stored !== undefined && this.#matches(stored)) await this.#show(summaryOf(stored));
      else await this.#hide(id);
    }
  }

  async #show(summary: ExecutionSummary): Promise<void> {
    const before = this.#shown.get(summary.executionId);
    if (before !== undefined && before.revision >= summary.revision) return;
    this.#shown.set(summary.executionId, summary);
    await this.#write({ case: 'change', value: { kind: before === undefined ? ChangeKind.ADDED : ChangeKind.CHANGED, execution: summary } });
  }

  async #hide(id: string): Promise<void> {
    const before = this.#shown.get(id);
    if (before === undefined) return;
    this.#shown.delete(id);
    await this.#write({ case: 'change', value: { kind: ChangeKind.REMOVED, execution: before } });
  }

  #matches({ row, head }: StoredExecution): boolean {
    const { sessionId, ownerId, org, phases = [] } = this.#filter;
    return (
      (sessionId === undefined || row.sessionId === sessionId) &&
      (ownerId === undefined || row.ownerId === ownerId) &&
      (org === undefined || row.org === org) &&
      (phases.length === 0 || phases.includes(head.phase))
    );
  }

  #write(item: NonNullable<MessageInitShape<typeof WatchListResponseSchema>['item']>): Promise<void> {
    return this.#send(create(WatchListResponseSchema, { item }));
  }
}

function summaryOf({ row, head }: StoredExecution): ExecutionSummary {
  return create(ExecutionSummarySchema, {
    executionId: row.id,
    kind: row.kind,
    name: row.name,
    sessionId: row.sessionId,
    ownerId: row.ownerId,
    phase: head.phase,
    revision: BigInt(head.revision),
    startedAt: head.startedAt,
    completedAt: head.completedAt,
    error: head.error,
    org: row.org,
  });
}

function showsTheSame(shown: ExecutionSummary, head: ExecutionHead): boolean {
  return shown.phase === head.phase && shown.startedAt === head.startedAt && shown.completedAt === head.completedAt && shown.error === head.error;
}
