import { DIALECT_KEY, entryOf, kindOf, type Task, type TaskList, type WorkflowDocument } from './document.js';
import { durationMs } from './duration.js';
import { documentOfSpec } from './from-spec.js';
import { isObject, type Json, type JsonObject } from './json.js';
import { ESCAPE_VARIABLE, type ProtoKind, protoKindName } from './proto-names.js';

export interface DocumentSpec {
  /** A WorkflowSpec in proto JSON. */
  readonly spec: JsonObject;
  /** What the contract has no fields for, to be kept beside the spec; `documentOfSpec` takes it. */
  readonly extras: JsonObject;
}

/** A valid document as a WorkflowSpec. Tasks that the contract can say are said in it; others travel in a SET task, so that nothing is lost. */
export function specOfDocument(document: WorkflowDocument): DocumentSpec {
  const { document: head, do: steps, ...rest } = document;
  const { dsl: _, namespace, name, version, summary, metadata, ...more } = head;
  const original = isObject(metadata) && metadata[DIALECT_KEY] === 'original';
  return {
    spec: {
      document: { dsl: '1.0.0', namespace, name, version, ...(summary === undefined ? {} : { description: summary }) },
      tasks: steps.map(protoTask),
    },
    extras: { ...rest, document: { ...more, metadata: original ? metadata : { ...(isObject(metadata) ? metadata : {}), [DIALECT_KEY]: 'specification' } } },
  };
}

function protoTask(item: Record<string, Task>): JsonObject {
  const [name, task] = entryOf(item);
  const { then, export: exported, ...own } = task;
  const said = typed(own);
  const as = isObject(exported) && Object.keys(exported).length === 1 && typeof exported['as'] === 'string' ? exported['as'] : undefined;
  const flow: JsonObject = typeof then === 'string' ? { flow: { then } } : {};
  if (said && (exported === undefined || as !== undefined)) {
    const proto: JsonObject = { name, kind: protoKindName(said.kind), taskConfig: said.config, ...(as === undefined ? {} : { export: { as } }), ...flow };
    if (readsBack(proto, item)) return proto;
  }
  return { name, kind: protoKindName('SET'), taskConfig: { variables: { [ESCAPE_VARIABLE]: JSON.stringify({ ...own, ...(exported === undefined ? {} : { export: exported }) }) } }, ...flow };
}

/** Only what would be read back as the same is said in the contract's fields. */
function readsBack(proto: JsonObject, item: Record<string, Task>): boolean {
  const { document } = documentOfSpec({ tasks: [proto] });
  return canonical(document.do[0] as Json) === canonical(item);
}

function canonical(value: Json): string {
  return JSON.stringify(value, (_, inner: unknown) => (isObject(inner as Json) ? Object.fromEntries(Object.entries(inner as JsonObject).sort(([a], [b]) => (a < b ? -1 : 1))) : inner));
}

function typed(task: Task): { kind: ProtoKind; config: JsonObject } | undefined {
  switch (kindOf(task)) {
    case 'set':
      return isObject(task['set']) && Object.values(task['set']).every((value) => typeof value === 'string') ? { kind: 'SET', config: { variables: task['set'] } } : undefined;
    case 'call':
      return call(task);
    case 'switch':
      return { kind: 'SWITCH', config: { cases: (task['switch'] as JsonObject[]).map((one) => ({ name: Object.keys(one)[0] as string, ...(Object.values(one)[0] as JsonObject) })) } };
    case 'for': {
      const { each, in: source } = task['for'] as JsonObject;
      return { kind: 'FOR', config: { each: each ?? 'item', in: source as Json, do: nested(task['do']) } };
    }
    case 'fork': {
      const { branches, compete } = task['fork'] as JsonObject;
      const list = branches as unknown as TaskList;
      return { kind: 'FORK', config: { branches: list.map((one) => ({ name: entryOf(one)[0], do: nested(entryOf(one)[1]['do']) })), compete: compete === true } };
    }
    case 'try': {
      const handler = task['catch'];
      return { kind: 'TRY', config: { try: nested(task['try']), ...(isObject(handler) ? { catch: { ...handler, ...(handler['do'] === undefined ? {} : { do: nested(handler['do']) }) } } : {}) } };
    }
    case 'listen': {
      const { one, any, all } = (task['listen'] as JsonObject)['to'] as JsonObject;
      const filters = (all ?? any ?? [one]) as JsonObject[];
      return { kind: 'LISTEN', config: { to: { mode: all ? 'all' : 'one', signals: filters.map((filter) => filter['with'] as Json) } } };
    }
    case 'wait': {
      const ms = durationMs(task['wait'] as Json);
      return ms === undefined || ms % 1_000 !== 0 || ms === 0 ? undefined : { kind: 'WAIT', config: { seconds: ms / 1_000 } };
    }
    case 'raise': {
      const error = (task['raise'] as JsonObject)['error'];
      return isObject(error) ? { kind: 'RAISE', config: { error: error['title'] ?? error['type'] ?? '', message: error['detail'] ?? '' } } : undefined;
    }
    case 'run': {
      const workflow = (task['run'] as JsonObject)['workflow'];
      return isObject(workflow) ? { kind: 'RUN', config: { workflow: workflow['name'] as Json, ...(workflow['input'] === undefined ? {} : { input: workflow['input'] }) } } : undefined;
    }
    default:
      return undefined;
  }
}

function call({ call, with: args, timeout }: Task): { kind: ProtoKind; config: JsonObject } | undefined {
  if (!isObject(args)) return undefined;
  switch (call) {
    case 'http': {
      const after = isObject(timeout) ? durationMs(timeout['after'] as Json) : undefined;
      const { method, endpoint, headers, body } = args;
      return { kind: 'HTTP_CALL', config: { method: method as Json, endpoint: typeof endpoint === 'string' ? { uri: endpoint } : (endpoint as Json), ...(headers ? { headers } : {}), ...(body ? { body } : {}), timeoutSeconds: (after ?? 0) / 1_000 } };
    }
    case 'agent':
      return { kind: 'AGENT_CALL', config: args };
    case 'activity':
      return { kind: 'CALL_ACTIVITY', config: { activity: args['name'] as Json, ...(args['input'] === undefined ? {} : { input: args['input'] }) } };
    default:
      return undefined;
  }
}

function nested(list: Json | undefined): Json {
  return Array.isArray(list) ? (list as unknown as TaskList).map(protoTask) : [];
}
