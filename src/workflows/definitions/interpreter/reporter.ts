import { CancellationScope, condition, proxyActivities } from '@temporalio/workflow';
import { WORKFLOW_EXECUTION_STATUS } from '../../names.js';
import { protoPayload } from '../../payloads/proto-payload.js';
import { isObject, type Json, type JsonObject } from '../../../workflow-document/json.js';
import type { InterpreterActivities } from '../../activities/interpreter-activities.js';
import { maskSecrets } from './secrets.js';

/** Status of a task, by the contract's names without their prefix. */
export type TaskState = 'IN_PROGRESS' | 'COMPLETED' | 'FAILED' | 'SKIPPED';

export interface TaskReport {
  readonly id: string;
  readonly name: string;
  /** The kind's key, and what it calls: `call http`. */
  readonly kind: string;
  readonly state: TaskState;
  /** RFC 3339. */
  readonly startedAt: string;
  readonly completedAt?: string;
  readonly input?: Json;
  readonly output?: Json;
  readonly error?: string;
  readonly metadata?: JsonObject;
}

/** Input and output of one task that are reported; larger ones are told by their size. */
const TASK_BYTES = 16 * 1024;
/** Of all tasks together: a state of 3.5 MiB is what an execution may have. */
const ALL_BYTES = 2 * 1024 * 1024;
/** Beyond these bytes only failures are reported. */
const LAST_BYTES = 2.75 * 1024 * 1024;

const TYPES: Readonly<Record<string, string>> = {
  'call agent': 'WORKFLOW_TASK_AGENT_INVOCATION',
  'call http': 'WORKFLOW_TASK_API_CALL',
  'call grpc': 'WORKFLOW_TASK_API_CALL',
  'call openapi': 'WORKFLOW_TASK_API_CALL',
  listen: 'WORKFLOW_TASK_APPROVAL',
  switch: 'WORKFLOW_TASK_CONDITIONAL',
  fork: 'WORKFLOW_TASK_PARALLEL',
  set: 'WORKFLOW_TASK_TRANSFORM',
};

const activities = proxyActivities<InterpreterActivities>({ startToCloseTimeout: 30_000, retry: { initialInterval: 500, maximumInterval: 10_000 } });

/** Tells the server what tasks do. What happens between two sends is one message, in which a task occurs once, as it last was. */
export class TaskReporter {
  readonly #executionId: string;
  readonly #nonce: string;
  #waiting = new Map<string, TaskReport>();
  #sending: Promise<void> | undefined;
  /** Bytes of all reports that were sent, about. */
  bytes: number;

  constructor(executionId: string, nonce: string, bytes: number) {
    this.#executionId = executionId;
    this.#nonce = nonce;
    this.bytes = bytes;
  }

  /** Notes it; nothing is done until something is sent. A task that is reported again keeps its place: the list shows them as they began. */
  report(task: TaskReport): void {
    this.#waiting.set(task.id, task);
  }

  /** What was not sent yet, for the last word of the run. */
  rest(): JsonObject[] {
    return this.#encode();
  }

  /**
   * Begins to send what waits. Called when the run is about to wait for something: until then everything shares one message. False when
   * there is nothing to send. Whoever calls may be cancelled meanwhile; the message is not.
   */
  send(): boolean {
    if (this.#sending !== undefined) return true;
    if (this.#waiting.size === 0) return false;
    this.#sending = CancellationScope.nonCancellable(() => this.#loop());
    return true;
  }

  /** Sends for as long as the workflow lives, also what happens while all others wait: conditions are looked at when nothing else is left to do. */
  async sendAlways(): Promise<never> {
    return CancellationScope.nonCancellable(async () => {
      for (;;) {
        await condition(() => this.#waiting.size > 0 && this.#sending === undefined);
        this.send();
      }
    });
  }

  /** Resolves when what is being sent has arrived, so that the last word is the last. */
  async sent(): Promise<void> {
    if (this.#sending !== undefined) await CancellationScope.nonCancellable(async () => this.#sending);
  }

  /** Resolves when all that was reported has arrived. */
  async settled(): Promise<void> {
    while (this.send()) await CancellationScope.nonCancellable(async () => this.#sending);
  }

  async #loop(): Promise<void> {
    // Whoever began this must have noted it before it can end.
    await Promise.resolve();
    while (this.#waiting.size > 0) {
      const tasks = this.#encode();
      if (tasks.length > 0) await activities.ReportWorkflowTasks(this.#executionId, protoPayload(WORKFLOW_EXECUTION_STATUS, { tasks }));
    }
    // In the same breath as the look at what waits, so that nothing falls in between.
    this.#sending = undefined;
  }

  #encode(): JsonObject[] {
    const tasks = [...this.#waiting.values()];
    this.#waiting = new Map();
    return tasks.flatMap((task) => {
      const proto = this.#proto(task);
      const size = JSON.stringify(proto).length;
      if (this.bytes + size > LAST_BYTES && task.state !== 'FAILED') return [];
      this.bytes += size;
      return [proto];
    });
  }

  #proto(task: TaskReport): JsonObject {
    const { id, name, kind, state, startedAt, completedAt, error, metadata } = task;
    const full = this.bytes > ALL_BYTES;
    const struct = (value: Json | undefined): Json | undefined => (value === undefined || full ? undefined : asStruct(maskSecrets(value, this.#nonce)));
    const fields = {
      taskId: id,
      taskName: name,
      taskType: TYPES[kind] ?? 'WORKFLOW_TASK_CUSTOM',
      status: `WORKFLOW_TASK_${state}`,
      startedAt,
      completedAt,
      input: struct(task.input),
      output: struct(task.output),
      error: error === undefined ? undefined : maskSecrets(error.slice(0, TASK_BYTES), this.#nonce),
      metadata: { kind, ...metadata },
    };
    return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as JsonObject;
  }
}

/** The contract holds objects only: another value stands under `value`. */
export function asStruct(value: Json): JsonObject {
  const bytes = JSON.stringify(value).length;
  if (bytes > TASK_BYTES) return { omitted: `${bytes} characters, the limit is ${TASK_BYTES}` };
  return isObject(value) ? value : { value };
}
