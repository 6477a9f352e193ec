import { isObject, type Json, type JsonObject } from './json.js';

/** A document as JSON. Only one that `validateDocument` finds no error in has this shape. */
export interface WorkflowDocument extends JsonObject {
  document: DocumentHead;
  do: TaskList;
}

export interface DocumentHead extends JsonObject {
  dsl: string;
  namespace: string;
  name: string;
  version: string;
}

/** Each item has one key: the task's name. */
export type TaskList = Record<string, Task>[];

/** What every kind of task may have, beside its own keys. */
export interface Task extends JsonObject {}

/** Kinds by the key that makes a task one of them. */
export const TASK_KINDS = ['call', 'do', 'emit', 'for', 'fork', 'listen', 'raise', 'run', 'set', 'switch', 'try', 'wait'] as const;
export type TaskKind = (typeof TASK_KINDS)[number];

/** Keys that any task may have. */
export const COMMON_KEYS = ['if', 'input', 'output', 'export', 'timeout', 'then', 'metadata'] as const;

/** Calls that the specification names, and ours: `agent` and `activity`. Any other is the name of a function. */
export const CALLS = ['http', 'grpc', 'openapi', 'asyncapi', 'agent', 'activity'] as const;

/** The kind of a task; undefined when it has the key of none, or of several. A loop has `do` beside `for`. */
export function kindOf(task: Json | undefined): TaskKind | undefined {
  if (!isObject(task)) return undefined;
  if (Object.hasOwn(task, 'for')) return Object.hasOwn(task, 'do') && keysOf(task).length === 2 ? 'for' : undefined;
  const keys = keysOf(task);
  return keys.length === 1 ? keys[0] : undefined;
}

/** The keys of a task that name a kind. */
export function keysOf(task: JsonObject): TaskKind[] {
  return TASK_KINDS.filter((kind) => Object.hasOwn(task, kind));
}

/** Name and task of an item of a list. */
export function entryOf(item: Record<string, Task>): readonly [string, Task] {
  return Object.entries(item)[0] as [string, Task];
}

/** Mark in `document.metadata` of documents that were made from a WorkflowSpec, and so follow the original's rules. */
export const DIALECT_KEY = 'stigmer.ai/dialect';

/**
 * `original`: the rules of the original's engine where they differ from the specification. They hold for documents made from a
 * WorkflowSpec, and for those that use `$data`, which only it has.
 */
export type Dialect = 'specification' | 'original';

export function dialectOf(document: WorkflowDocument): Dialect {
  const { metadata } = document.document;
  if (isObject(metadata) && metadata[DIALECT_KEY] === 'original') return 'original';
  return /\$data\b/.test(JSON.stringify(document.do)) ? 'original' : 'specification';
}
