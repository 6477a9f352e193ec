import { DIALECT_KEY, type TaskList, type WorkflowDocument } from './document.js';
import { isObject, type Json, type JsonObject } from './json.js';
import { ERROR_TYPES, ESCAPE_VARIABLE, protoKind, STANDARD_ERRORS } from './proto-names.js';

/** The document of a WorkflowSpec, and where each of its tasks stands in the spec. */
export interface SpecDocument {
  readonly document: WorkflowDocument;
  /** Path in the contract's names of what a path in the document was made from: `spec.tasks[0].task_config.do[1]`, and the rest of the path. */
  origin(path: readonly (string | number)[]): { readonly field: string; readonly rest: readonly (string | number)[] };
}

/**
 * A WorkflowSpec in proto JSON as a document. It follows the original's dialect, and what the Go SDK emits works. `extras`, as
 * `specOfDocument` gave them, are the parts of a document that the contract has no fields for. Parts that cannot be read stay as they
 * are, for the validation to find.
 */
export function documentOfSpec(spec: Json, extras: JsonObject = {}): SpecDocument {
  const origins = new Map<string, string>();
  const head = object(object(spec)['document']);
  const given = object(extras['document']);
  const native = object(given['metadata'])[DIALECT_KEY] === 'specification';
  const metadata = native ? given['metadata'] : { ...object(given['metadata']), [DIALECT_KEY]: 'original' };
  const { description, ...names } = head;
  const document = {
    ...extras,
    document: {
      ...given,
      dsl: names['dsl'] ?? '1.0.0',
      namespace: label(names['namespace']),
      name: label(names['name']),
      version: names['version'] ?? '',
      ...(description === undefined ? {} : { summary: description }),
      metadata: metadata as Json,
    },
    do: tasks(object(spec)['tasks'], ['do'], 'spec.tasks', origins),
  };
  return { document: document as unknown as WorkflowDocument, origin: (path) => originOf(origins, path) };
}

function originOf(origins: ReadonlyMap<string, string>, path: readonly (string | number)[]): { field: string; rest: readonly (string | number)[] } {
  for (let length = path.length; length > 0; length--) {
    const field = origins.get(JSON.stringify(path.slice(0, length)));
    if (field !== undefined) return { field, rest: path.slice(length) };
  }
  return { field: path[0] === 'document' ? 'spec.document' : 'spec', rest: path };
}

function object(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}

/** Proto JSON has a field under either of its names. */
function field(value: JsonObject, camel: string, snake = camel): Json | undefined {
  return value[camel] ?? value[snake];
}

/** The contract takes any text for a name, a document only a DNS label. */
function label(value: Json | undefined): string {
  return String(value ?? '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 63);
}

type Path = readonly (string | number)[];

function tasks(value: Json | undefined, path: Path, origin: string, origins: Map<string, string>): TaskList {
  if (!Array.isArray(value)) return [];
  return value.map((item, i) => {
    const source = object(item);
    const name = String(source['name'] ?? '');
    const at = [...path, i, name];
    origins.set(JSON.stringify(at), `${origin}[${i}]`);
    const config = object(field(source, 'taskConfig', 'task_config'));
    const task = taskOf(protoKind(source['kind']), config, at, `${origin}[${i}].task_config`, origins);
    const as = object(source['export'])['as'];
    const { then } = object(source['flow']);
    return { [name]: { ...task, ...(as ? { export: { ...object(task['export']), as } } : {}), ...(then ? { then } : {}) } };
  });
}

function taskOf(kind: ReturnType<typeof protoKind>, config: JsonObject, path: Path, origin: string, origins: Map<string, string>): JsonObject {
  const nested = (value: Json | undefined, keys: Path, name: string): TaskList => tasks(value, [...path, ...keys], `${origin}.${name}`, origins);
  switch (kind) {
    case 'SET': {
      const variables = object(config['variables']);
      const escaped = variables[ESCAPE_VARIABLE];
      return typeof escaped === 'string' ? object(JSON.parse(escaped) as Json) : { set: variables };
    }
    case 'HTTP_CALL': {
      const seconds = field(config, 'timeoutSeconds', 'timeout_seconds');
      const { method = '', endpoint = {}, headers, body } = config;
      return { call: 'http', with: { method, endpoint, ...given({ headers, body }) }, ...(seconds ? { timeout: { after: { seconds } } } : {}) };
    }
    case 'GRPC_CALL':
      return { call: 'grpc', with: { proto: { endpoint: 'reflection:' }, service: grpcService(String(config['service'] ?? '')), method: config['method'] ?? '', ...given({ arguments: config['request'] }) } };
    case 'CALL_ACTIVITY':
      return { call: 'activity', with: { name: config['activity'] ?? '', ...given({ input: config['input'] }) } };
    case 'SWITCH':
      return {
        switch: list(config['cases']).map((one) => {
          const { name = '', when, then } = object(one);
          return { [String(name)]: { ...(when ? { when } : {}), ...(then ? { then } : {}) } };
        }),
      };
    case 'FOR':
      return { for: { each: config['each'] ?? 'item', in: config['in'] ?? '' }, do: nested(config['do'], ['do'], 'do') as unknown as Json };
    case 'FORK':
      return {
        fork: {
          branches: list(config['branches']).map((one, i) => {
            const name = String(object(one)['name'] ?? '');
            return { [name]: { do: nested(object(one)['do'], ['fork', 'branches', i, name, 'do'], `branches[${i}].do`) as unknown as Json } };
          }),
          compete: config['compete'] === true,
        },
      };
    case 'TRY': {
      const handler = object(config['catch']);
      const as: JsonObject = handler['as'] ? { as: handler['as'] } : {};
      const steps: JsonObject = handler['do'] === undefined ? {} : { do: nested(handler['do'], ['catch', 'do'], 'catch.do') as unknown as Json };
      return { try: nested(config['try'], ['try'], 'try') as unknown as Json, ...(config['catch'] === undefined ? {} : { catch: { ...as, ...steps } as JsonObject }) };
    }
    case 'LISTEN': {
      const { mode, signals } = object(config['to']);
      const filters = list(signals).map((signal) => ({ with: object(signal) }));
      const single = filters[0] ?? {};
      return { listen: { to: mode === 'all' ? { all: filters } : filters.length > 1 ? { any: filters } : { one: single } } };
    }
    case 'WAIT':
      return { wait: { seconds: config['seconds'] ?? 0 } };
    case 'RAISE':
      return { raise: { error: raised(String(config['error'] ?? ''), String(config['message'] ?? '')) } };
    case 'RUN':
      return { run: { workflow: { name: config['workflow'] ?? '', ...given({ input: config['input'] }) } } };
    case 'AGENT_CALL': {
      const { agent = '', scope, message = '', env, config: run } = config;
      return { call: 'agent', with: { agent, message, ...given({ env, config: run }), ...(typeof scope === 'string' && scope !== 'api_resource_owner_scope_unspecified' ? { scope } : {}) } };
    }
    default:
      return {};
  }
}

function given(values: Readonly<Record<string, Json | undefined>>): JsonObject {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as JsonObject;
}

function list(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

/** `host:port/package.Service`; without an address, the original's: this machine, port 50051. */
function grpcService(text: string): JsonObject {
  const [, host, port, name] = /^(?:([^/:]+)(?::(\d+))?\/)?(.*)$/.exec(text) ?? [];
  return { name: name ?? text, host: host ?? 'localhost', port: Number(port ?? 50_051) };
}

/** The contract's error is a name: of one of the specification's errors, a URI, or anything. */
function raised(error: string, message: string): JsonObject {
  const status = STANDARD_ERRORS[error];
  if (status !== undefined) return { type: `${ERROR_TYPES}${error}`, status, title: error, detail: message };
  return { type: /^[a-z][a-z0-9+.-]*:/i.test(error) ? error : `${ERROR_TYPES}runtime`, status: 500, title: error, detail: message };
}
