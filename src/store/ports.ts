/**
 * What the server asks of whatever keeps its data. One implementation stands on SQLite; another may stand on PostgreSQL, so every
 * method is asynchronous and every change is data.
 */

/** A stored resource: the message as protobuf binary, and beside it the columns that look-ups and lists need. */
export interface ResourceRow {
  /** Name of the kind's enum value, such as `agent_instance`. */
  readonly kind: string;
  readonly id: string;
  readonly org: string;
  readonly slug: string;
  /** Number of ApiResourceOwnerScope. */
  readonly scope: number;
  /** Id of the resource that this one belongs to and goes with (instance → agent, session → instance), or ''. */
  readonly parent: string;
  /** The value of metadata.version.id: opaque, changed by every write. */
  readonly version: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  /** What this resource refers to, for referential checks and for "who uses it". */
  readonly references: readonly ResourceLink[];
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly data: Uint8Array;
}

/** A reference from a field of one resource to another resource. */
export interface ResourceLink {
  /** Path of the field, such as `spec.agent_id`. */
  readonly field: string;
  readonly kind: string;
  readonly id: string;
  /** A required reference keeps its target from being deleted; a weak one does not. */
  readonly required: boolean;
}

/** Which resources a list wants; all given conditions hold. */
export interface ResourceFilter {
  readonly org?: string;
  readonly parent?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** The resource has every one of these tags. */
  readonly tags?: readonly string[];
}

/** A page's place: rows after this key, in the order of the list. Holds while rows are inserted and deleted between pages. */
export interface PageRequest {
  /** `next` of the page before, as it is; another text may be refused with INVALID_ARGUMENT. */
  readonly after?: string;
  readonly limit: number;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Key for the next page; absent on the last. */
  readonly next?: string;
  /** Rows that the filter matches in all. */
  readonly total: number;
}

export interface ResourceReader {
  get(kind: string, id: string): Promise<ResourceRow | undefined>;
  getBySlug(kind: string, org: string, slug: string): Promise<ResourceRow | undefined>;
  /** Every resource of that slug, over all organisations. */
  findBySlug(kind: string, slug: string): Promise<readonly ResourceRow[]>;
  /** In ascending order of id. */
  list(kind: string, filter: ResourceFilter, page: PageRequest): Promise<Page<ResourceRow>>;
  /** Resources that refer to this one. */
  referrers(kind: string, id: string, limit: number): Promise<readonly { readonly row: ResourceRow; readonly link: ResourceLink }[]>;
  /** Resources whose `parent` is this id, of every kind. */
  children(id: string, limit: number): Promise<readonly ResourceRow[]>;
}

/** An execution of either kind: the contract's message without its status, and columns for lists. */
export interface ExecutionRow {
  readonly id: string;
  readonly kind: 'agent_execution' | 'workflow_execution';
  readonly org: string;
  readonly slug: string;
  readonly name: string;
  /** Session of an agent execution, or ''. */
  readonly sessionId: string;
  /** Agent or workflow. */
  readonly ownerId: string;
  /** Agent instance or workflow instance. */
  readonly instanceId: string;
  readonly version: string;
  readonly tags: readonly string[];
  readonly createdAt: number;
  /** AgentExecution or WorkflowExecution in protobuf binary, status and secret values left out. */
  readonly data: Uint8Array;
}

/** Where an execution's log stands. */
export interface ExecutionHead {
  readonly revision: number;
  /** Number of ExecutionPhase; 3, 4 and 5 are final. */
  readonly phase: number;
  readonly startedAt: string;
  readonly completedAt: string;
  readonly error: string;
  /** The highest acknowledged report of the newest attempt. */
  readonly source?: ReportSource;
}

/** Which report an append came from: the key by which a repeat is known. */
export interface ReportSource {
  readonly attempt: number;
  /** Sequence number of the last event of the append. */
  readonly sequence: number;
}

export interface StoredExecution {
  readonly row: ExecutionRow;
  readonly head: ExecutionHead;
}

export interface ExecutionFilter {
  readonly kind?: ExecutionRow['kind'];
  /** Any of these; an empty list is no condition. */
  readonly phases?: readonly number[];
  readonly sessionId?: string;
  readonly ownerId?: string;
  readonly instanceId?: string;
  readonly org?: string;
  readonly tags?: readonly string[];
}

/** One committed append, as the log's tail gives it out. */
export interface CommittedAppend {
  readonly executionId: string;
  /** Revision of the first event. */
  readonly firstRevision: number;
  /** ExecutionEvent messages in protobuf binary. */
  readonly events: readonly Uint8Array[];
  readonly head: ExecutionHead;
}

/** Reading side of the executions and their log. */
export interface ExecutionReader {
  get(id: string): Promise<StoredExecution | undefined>;
  /** Newest first, in the order in which they were stored. */
  list(filter: ExecutionFilter, page: PageRequest): Promise<Page<StoredExecution>>;
  head(id: string): Promise<ExecutionHead | undefined>;
  /**
   * At most `limit` events with a revision greater than `after`; undefined when they are not kept any more, or there is no such
   * execution. This and `snapshot` throw DATA_LOSS naming the execution when what is stored of it is damaged.
   */
  read(id: string, after: number, limit: number): Promise<readonly Uint8Array[] | undefined>;
  /** Newest snapshot: an ExecutionState in protobuf binary. */
  snapshot(id: string): Promise<{ readonly revision: number; readonly state: Uint8Array } | undefined>;
  /**
   * Calls back for every append, this process's own (right after its commit, before the write's promise resolves) and those of other
   * processes on the same database, in revision order for each execution. Gives the function that ends it.
   */
  tail(listener: (append: CommittedAppend) => void): () => void;
}

/** Something that must happen after a commit, and is repeated until it has. */
export interface Intent {
  readonly id: string;
  /** start-workflow, cancel-workflow, complete-token … */
  readonly type: string;
  /** What it is about, such as the execution's id. */
  readonly subject: string;
  /** JSON; no secrets. */
  readonly payload: string;
  /** Milliseconds since 1970 from when it may be tried. */
  readonly dueAt: number;
  readonly attempts: number;
}

export interface IntentReader {
  due(now: number, limit: number): Promise<readonly Intent[]>;
  forSubject(subject: string): Promise<readonly Intent[]>;
}

/**
 * Values that must not be readable in the database: sealed with AES-256-GCM under the key file, bound to owner and field. Implemented
 * inside the store so that no plain text reaches SQL.
 */
export interface SecretReader {
  /** Opens all values of one owner (an execution's or environment's id), by field. */
  open(ownerId: string): Promise<Readonly<Record<string, Uint8Array>>>;
}

/** One change. A write is a list of them, and happens as a whole or not at all. */
export type WriteOp =
  /** Refused with ALREADY_EXISTS when id, or (kind, org, slug) of a kind with unique slugs, is taken. */
  | { readonly op: 'insert-resource'; readonly row: ResourceRow }
  /** Refused with NOT_FOUND, or with ABORTED naming both versions when `expectedVersion` is not the current one. */
  | { readonly op: 'update-resource'; readonly row: ResourceRow; readonly expectedVersion: string }
  /** Refused with NOT_FOUND. Its secrets are changes of their own. */
  | { readonly op: 'delete-resource'; readonly kind: string; readonly id: string }
  /**
   * Refused with FAILED_PRECONDITION when the resource is not there: the check that a reference still holds at commit. This and the
   * next two look at what stands when all changes of the write are made, wherever in the list they are.
   */
  | { readonly op: 'require-resource'; readonly kind: string; readonly id: string; readonly field: string }
  /**
   * Refused with ABORTED when a resource still has this one as its parent, or an execution belongs to it (as session, owner or
   * instance): so that a deletion and a concurrent create leave no orphan.
   */
  | { readonly op: 'require-childless'; readonly id: string }
  /** Refused with ABORTED when a resource still refers to this one by a required reference. */
  | { readonly op: 'require-unreferenced'; readonly kind: string; readonly id: string }
  | { readonly op: 'insert-execution'; readonly row: ExecutionRow; readonly head: ExecutionHead; readonly events: readonly Uint8Array[] }
  | { readonly op: 'update-execution'; readonly row: ExecutionRow; readonly expectedVersion: string }
  /** With its log, snapshot and secrets. Refused with NOT_FOUND. */
  | { readonly op: 'delete-execution'; readonly id: string }
  /**
   * Adds events. Refused with ABORTED when the log is not at `expectedRevision` (reason REVISION_CONFLICT), and when `source` is not
   * beyond the log's own source: a repeat (REPORT_REPEATED), or a lower attempt (ATTEMPT_OVERTAKEN). The arrays must not be changed
   * after the call. No events and a snapshot keeps the snapshot alone.
   */
  | {
      readonly op: 'append';
      readonly executionId: string;
      readonly expectedRevision: number;
      readonly events: readonly Uint8Array[];
      /** `head.revision` is `expectedRevision` and the number of events. Without `head.source` the log's own stays. */
      readonly head: ExecutionHead;
      /** The report that this append comes from. Left out, it comes from none, and `head.source` may be the log's own. */
      readonly source?: ReportSource;
      /** ExecutionState at head.revision, when it is time to keep one. */
      readonly snapshot?: Uint8Array;
    }
  /** Takes the place of one with the same id. */
  | { readonly op: 'put-intent'; readonly intent: Intent }
  /** Counts an attempt. Of an intent that another process has settled nothing is changed. */
  | { readonly op: 'retry-intent'; readonly id: string; readonly dueAt: number }
  /** Settled by two, it is settled. */
  | { readonly op: 'settle-intent'; readonly id: string }
  /** Adds values, or replaces those of the same fields. */
  | { readonly op: 'put-secrets'; readonly ownerId: string; readonly values: Readonly<Record<string, Uint8Array>> }
  /** The owner's values, and that they were claimed. */
  | { readonly op: 'delete-secrets'; readonly ownerId: string }
  /** Notes that an attempt has claimed the owner's secrets; refused with ALREADY_EXISTS the second time. */
  | { readonly op: 'claim-secrets'; readonly ownerId: string; readonly attempt: number }
  /** Keeps an answer under an idempotency key; refused with ALREADY_EXISTS when the key is there. */
  | { readonly op: 'put-idempotent'; readonly key: string; readonly requestHash: string; readonly response: Uint8Array; readonly expiresAt: number }
  /** A line in the log of changes. */
  | { readonly op: 'record-change'; readonly change: ChangeRecord };

/** One line of the log of changes: who did what to which resource. */
export interface ChangeRecord {
  readonly at: number;
  readonly actor: string;
  readonly action: 'created' | 'updated' | 'deleted';
  readonly kind: string;
  readonly resourceId: string;
  readonly org: string;
  /** Names of the fields that changed, for updates. */
  readonly fields: readonly string[];
}

export interface IdempotencyReader {
  get(key: string, now: number): Promise<{ readonly requestHash: string; readonly response: Uint8Array } | undefined>;
}

export interface ChangeReader {
  /** Newest first. */
  list(filter: { readonly kind?: string; readonly resourceId?: string }, page: PageRequest): Promise<Page<ChangeRecord>>;
}

/** Files by key: skill archives, tool results that are too large for the state. Writes are atomic. */
export interface ArtifactStore {
  put(key: string, bytes: Uint8Array): Promise<void>;
  get(key: string): Promise<Uint8Array | undefined>;
  delete(key: string): Promise<void>;
  list(prefix: string): Promise<readonly string[]>;
}

export interface Store {
  /** Random identity of the log; resume points of another one are void. */
  readonly logId: string;
  readonly resources: ResourceReader;
  readonly executions: ExecutionReader;
  readonly intents: IntentReader;
  readonly secrets: SecretReader;
  readonly idempotency: IdempotencyReader;
  readonly changes: ChangeReader;
  readonly artifacts: ArtifactStore;
  /**
   * Makes the changes durable, all of them or none. Resolves after the commit is on disk. What arrives while a commit is under way
   * shares the next one; a refused write fails alone. Throws StigmerError: ALREADY_EXISTS, NOT_FOUND, ABORTED, FAILED_PRECONDITION,
   * RESOURCE_EXHAUSTED (disk full, or too much is waiting), UNAVAILABLE (another process holds the file, or the store is closed),
   * DATA_LOSS (corrupt file).
   */
  write(ops: readonly WriteOp[]): Promise<void>;
  close(): Promise<void>;
}

/** What `compact` has removed. */
export interface CompactionReport {
  /** Finished executions whose events went; their final snapshots stay. */
  readonly executions: number;
  /** Appends that went with them and with deleted executions. */
  readonly appends: number;
  /** Expired answers to idempotent requests. */
  readonly answers: number;
  /** Lines of the log of changes. */
  readonly changes: number;
  /** Pages of 4 KiB given back to the disk. */
  readonly pages: number;
}

/** Upkeep, beside the traffic, for the program that runs the store. */
export interface StoreMaintenance {
  /** Executions that were found damaged, on start or when read, with the reason. Reading or adding to them throws DATA_LOSS. */
  readonly damaged: ReadonlyMap<string, string>;
  /** What the check of the whole file found wrong on start; empty when it is sound. */
  readonly problems: readonly string[];
  /** Removes events, answers and changes that were to be kept until `now` (milliseconds since 1970) at most. To be called now and then. */
  compact(now: number): Promise<CompactionReport>;
  /** Copies the database, as it is at this moment, to a file that does not exist yet. Neither key file nor artifacts are in it. */
  backup(file: string): Promise<void>;
  /** Gives the log a new identity, after which resume points are void: after a restore or an import. */
  renewLogId(): Promise<string>;
  /** Seals all secrets under a new key. */
  rotateKey(): Promise<void>;
}
