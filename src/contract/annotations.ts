import { Code, type FieldViolation, invalidArgument, StigmerError } from './errors.js';
import { ApiResourceKind, resourceKind } from './kinds.js';

/** Prefix of the annotations that are instructions to the server. Every other key belongs to the users. */
export const ANNOTATION_PREFIX = 'stigmer.ai/';

/** An instruction that the contract has no field for. On an agent or workflow it holds for every run, on an execution for that run. */
export interface Annotation<T> {
  readonly key: `${typeof ANNOTATION_PREFIX}${string}`;
  /** What it is for, in one line. */
  readonly meaning: string;
  /** What a value must be, as an error text says it: `must be fail or resume`. */
  readonly rule: string;
  /** Kinds of resources that it may stand on. */
  readonly kinds: readonly ApiResourceKind[];
  /** The value, or undefined when it breaks the rule. */
  readonly parse: (text: string) => T | undefined;
}

const { agent, agent_execution, session, workflow, workflow_execution } = ApiResourceKind;
const AGENT_RUNS = [agent, agent_execution];
const ALL_RUNS = [agent, agent_execution, workflow, workflow_execution];
const EXECUTIONS = [agent_execution, workflow_execution];
/** What the original's SDK writes. */
const SYNTHESIZED = [agent, workflow];

/** Every annotation of the prefix. Others are refused. */
export const annotations = {
  approvalPolicy: define('approval-policy', 'Which tool calls wait for a person: none, those that change something, or all.', AGENT_RUNS, oneOf('never', 'writes', 'always')),
  approvalTools: define('approval-tools', 'Tools whose calls wait for a person, whatever the policy.', AGENT_RUNS, names()),
  approvalTimeout: define('approval-timeout', 'How long a call waits for a person before on-approval-timeout applies.', AGENT_RUNS, duration()),
  onApprovalTimeout: define('on-approval-timeout', 'What becomes of a call that nobody answered: it is rejected, or the run fails.', AGENT_RUNS, oneOf('reject', 'fail')),
  onBusy: define('on-busy', 'What becomes of a message while the session is busy.', [agent, session, agent_execution], oneOf('queue', 'reject', 'interrupt')),
  onCrash: define('on-crash', 'What becomes of a run whose runner is lost: it fails, or goes on elsewhere from its last completed step.', AGENT_RUNS, oneOf('fail', 'resume')),
  maxSteps: define('max-steps', 'Steps of the model after which the run ends.', AGENT_RUNS, count()),
  maxTokens: define('max-tokens', 'Tokens, in and out, after which the run ends.', AGENT_RUNS, count()),
  maxCost: define('max-cost-usd', 'US dollars after which the run ends.', AGENT_RUNS, dollars()),
  maxRepeatedCalls: define('max-repeated-calls', 'Identical tool calls in a row after which the run ends.', AGENT_RUNS, count()),
  maxDuration: define('max-duration', 'Time after which the run ends. It rests while a person is asked.', ALL_RUNS, duration()),
  outputSchema: define('output-schema', 'JSON Schema of the answer. The run fails when the model cannot be brought to it.', AGENT_RUNS, jsonObject()),
  maxConcurrent: define('max-concurrent', 'Executions that run at the same time; further ones wait in line.', [agent, session, workflow], count()),
  priority: define('priority', 'Place in line: those of people before those of batches.', EXECUTIONS, oneOf('interactive', 'batch')),
  queue: define('queue', 'Accept the execution while Temporal is down, and start it when it is back.', EXECUTIONS, boolean()),
  sdkLanguage: define('sdk.language', 'Language of the SDK that wrote the resource.', SYNTHESIZED, text()),
  sdkVersion: define('sdk.version', 'Version of the SDK that wrote the resource.', SYNTHESIZED, text()),
  sdkGeneratedAt: define('sdk.generated-at', 'When the SDK wrote the resource, in seconds since 1970. It alone is no change.', SYNTHESIZED, text()),
} as const;

const byKey: ReadonlyMap<string, Annotation<unknown>> = new Map(Object.values(annotations).map((annotation) => [annotation.key, annotation]));

/** Metadata of a resource, as far as annotations go. */
export interface Annotated {
  readonly annotations: Readonly<Record<string, string>>;
}

/** The value of an annotation; undefined when it is not there. One that breaks its rule, as only unvalidated metadata has it, is INVALID_ARGUMENT. */
export function readAnnotation<T>(metadata: Annotated | undefined, annotation: Annotation<T>): T | undefined {
  const text = metadata?.annotations[annotation.key];
  if (text === undefined) return undefined;
  const value = annotation.parse(text);
  if (value === undefined) throw invalidArgument(fieldOf(annotation.key), annotation.rule);
  return value;
}

/**
 * Refuses keys of the prefix that are not declared or mean nothing on this kind, and values that break their rule, with
 * INVALID_ARGUMENT that names every one of them.
 */
export function validateAnnotations(kind: ApiResourceKind, metadata: Annotated | undefined): void {
  const violations = Object.entries(metadata?.annotations ?? {}).flatMap(([key, value]): FieldViolation[] => {
    if (!key.startsWith(ANNOTATION_PREFIX)) return [];
    const description = faultOf(kind, key, value);
    return description === undefined ? [] : [{ field: fieldOf(key), description, rule: '' }];
  });
  if (violations.length === 0) return;
  const text = violations.map(({ field, description }) => `${field}: ${description}`).join('\n');
  throw new StigmerError(Code.INVALID_ARGUMENT, text, { details: [{ type: 'BadRequest', violations }] });
}

function fieldOf(key: string): string {
  return `metadata.annotations[${JSON.stringify(key)}]`;
}

function faultOf(kind: ApiResourceKind, key: string, value: string): string | undefined {
  const annotation = byKey.get(key);
  if (!annotation) {
    const known = [...byKey.values()].filter(({ kinds }) => kinds.includes(kind)).map((one) => one.key);
    const instead = known.length === 0 ? `; ${resourceKind(kind).name} has none` : `; known here: ${known.join(', ')}`;
    return `is not an annotation that stigmer knows${instead}`;
  }
  if (!annotation.kinds.includes(kind)) {
    return `means nothing on ${resourceKind(kind).name}, only on ${annotation.kinds.map((one) => resourceKind(one).name).join(', ')}`;
  }
  return annotation.parse(value) === undefined ? `${annotation.rule}, not ${JSON.stringify(value.slice(0, 100))}` : undefined;
}

type ValueRule<T> = Pick<Annotation<T>, 'rule' | 'parse'>;

function define<T>(name: string, meaning: string, kinds: readonly ApiResourceKind[], value: ValueRule<T>): Annotation<T> {
  return { key: `${ANNOTATION_PREFIX}${name}`, meaning, kinds, ...value };
}

function oneOf<const T extends string>(...values: readonly T[]): ValueRule<T> {
  const rule = `must be ${values.slice(0, -1).join(', ')} or ${values.at(-1)}`;
  return { rule, parse: (text) => values.find((value) => value === text) };
}

/** Free text for people. */
function text(): ValueRule<string> {
  return { rule: 'must have at most 200 characters', parse: (text) => (text.length <= 200 ? text : undefined) };
}

function boolean(): ValueRule<boolean> {
  return { rule: 'must be true or false', parse: (text) => (text === 'true' ? true : text === 'false' ? false : undefined) };
}

function count(): ValueRule<number> {
  const parse = (text: string) => (/^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined);
  return { rule: 'must be a whole number from 1 on', parse };
}

function dollars(): ValueRule<number> {
  const parse = (text: string) => (/^\d{1,9}(\.\d{1,6})?$/.test(text) && Number(text) > 0 ? Number(text) : undefined);
  return { rule: 'must be an amount above 0 with at most 6 decimals, such as 2.50', parse };
}

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Parsed to milliseconds. */
function duration(): ValueRule<number> {
  const parse = (text: string) => {
    const match = /^([1-9]\d{0,5})([smhd])$/.exec(text);
    return match ? Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS] : undefined;
  };
  return { rule: 'must be a whole number of seconds, minutes, hours or days, such as 90s, 15m, 2h or 3d', parse };
}

function names(): ValueRule<readonly string[]> {
  const parse = (text: string) => {
    const list = text.split(',').map((name) => name.trim());
    return list.every((name) => /^[\w.:/-]+$/.test(name)) ? list : undefined;
  };
  return { rule: 'must be names separated by commas', parse };
}

function jsonObject(): ValueRule<Readonly<Record<string, unknown>>> {
  const parse = (text: string) => {
    try {
      const value: unknown = JSON.parse(text);
      return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
    } catch {
      return undefined;
    }
  };
  return { rule: 'must be a JSON object', parse };
}
