import { CancellationScope, condition, sleep, workflowInfo } from '@temporalio/workflow';
import { type Dialect, dialectOf, type WorkflowDocument } from '../../../workflow-document/document.js';
import { isObject, type Json, type JsonObject } from '../../../workflow-document/json.js';
import type { RunReference } from '../../activities/interpreter-activities.js';
import { standardError } from './error.js';
import { Expressions, type Situation } from './expressions.js';
import { Inbox } from './inbox.js';
import type { Continuation, InterpreterInput } from './interpreter-input.js';
import { TaskReporter } from './reporter.js';
import type { Scope } from './scope.js';
import { secretToken } from './secrets.js';

/** Most tasks that a run may carry out, turns of loops counted singly: a loop without end is an error, not a bill. */
const MOST_TASKS = 50_000;

/** What is done at one go, before others get their turn: Temporal cuts off what takes longer than some seconds. */
const TURN = { tasks: 1_000, steps: 4_000_000 };

/** Events of Temporal's history after which a run is continued as new. */
const LONGEST_HISTORY = 8_000;

/** One interpreted run: what all of its tasks share. */
export class Run {
  readonly executionId: string;
  readonly input: InterpreterInput;
  readonly document: WorkflowDocument;
  readonly dialect: Dialect;
  readonly expressions: Expressions;
  readonly reporter: TaskReporter;
  readonly inbox: Inbox;
  readonly nonce: string;
  readonly startedAt: string;
  paused: boolean;
  /** The history is long: no task begins any more, and those that cannot be begun again are waited for. */
  draining = false;
  #active = 0;
  /** Carried out so far, before the run was continued as new as well. */
  tasks: number;
  #sinceTurn = 0;
  readonly #secrets: JsonObject = {};
  readonly #env: JsonObject = {};
  /** `$input` of `$workflow`. */
  workflowInput: Json;

  constructor(executionId: string, input: InterpreterInput, state: Continuation) {
    this.executionId = executionId;
    this.input = input;
    this.document = input.document;
    this.dialect = dialectOf(input.document);
    this.nonce = state.nonce;
    this.startedAt = state.startedAt;
    this.paused = state.paused;
    this.tasks = state.tasks;
    this.workflowInput = state.input;
    this.inbox = new Inbox(state.events);
    this.reporter = new TaskReporter(executionId, state.nonce, state.reportedBytes);
    for (const [name, { value, isSecret }] of Object.entries(input.variables)) {
      const seen = isSecret ? secretToken(this.nonce, name) : (value ?? '');
      if (isSecret) this.#secrets[name] = seen;
      this.#env[name] = this.dialect === 'original' ? { value: seen, is_secret: isSecret } : seen;
    }
    // What is not known here may still be known where secrets are kept: the activity that needs it says if it is not.
    this.expressions = new Expressions(this.dialect, (_, name) => {
      const variable = input.variables[name];
      return variable === undefined || variable.isSecret ? secretToken(this.nonce, name) : (variable.value ?? '');
    });
  }

  get use(): JsonObject {
    return isObject(this.document['use']) ? this.document['use'] : {};
  }

  /** Something that `use` holds under a name; a value that is not a name is itself. */
  used(group: string, value: Json | undefined): Json | undefined {
    if (typeof value !== 'string') return value;
    const found = isObject(this.use[group]) ? this.use[group][value] : undefined;
    if (found === undefined) throw standardError('configuration', `use.${group} has no ${value}`);
    return found;
  }

  /** What expressions of a task see. */
  situation(scope: Scope, input: Json, extra: Readonly<Record<string, Json>> = {}): Situation {
    const { memory, variables } = scope;
    const original = this.dialect === 'original';
    return {
      input: original ? withVariables(input, variables) : input,
      variables: {
        $context: original ? contextOf(memory.exports, memory.context) : memory.context,
        $input: input,
        $output: original ? scope.previous : null,
        $workflow: { id: this.executionId, definition: this.document, input: this.workflowInput, startedAt: moment(this.startedAt) },
        $runtime: { name: 'stigmer', metadata: {} },
        $secrets: this.#secrets,
        $env: this.#env,
        $data: memory.data,
        ...variables,
        ...extra,
      },
    };
  }

  /** For activities. */
  reference(instance: string): RunReference {
    return { executionId: this.executionId, org: this.input.org, nonce: this.nonce, instance };
  }

  /** Passed before each task: waits while the run is paused, and for good when it is to be continued as new. */
  async gate(): Promise<void> {
    this.tasks += 1;
    this.#sinceTurn += 1;
    const most = this.input.taskLimit ?? MOST_TASKS;
    if (this.tasks > most) throw standardError('runtime', `the run has carried out ${most} tasks, which is the limit`);
    if (this.#sinceTurn > TURN.tasks || this.expressions.steps > TURN.steps) await this.#turn();
    const { continueAsNewSuggested, historyLength } = workflowInfo();
    if (continueAsNewSuggested || historyLength > (this.input.historyLimit ?? LONGEST_HISTORY)) this.draining = true;
    if (!this.paused && !this.draining) return;
    this.reporter.send();
    await condition(() => !this.paused && !this.draining);
  }

  /** Waits for something that must not be begun twice. */
  async waiting<T>(wait: () => Promise<T>): Promise<T> {
    this.reporter.send();
    this.#active += 1;
    try {
      return await wait();
    } finally {
      this.#active -= 1;
      this.#newTurn();
    }
  }

  /** Waits for something that the continuation of the run can wait for anew. */
  async resting<T>(wait: () => Promise<T>): Promise<T> {
    this.reporter.send();
    try {
      return await wait();
    } finally {
      this.#newTurn();
    }
  }

  /** Waits until a time, in milliseconds since 1970. */
  async until(time: number): Promise<void> {
    const left = time - Date.now();
    if (left > 0) await this.resting(() => sleep(left));
  }

  /** Resolves when the run should be continued as new, and nothing keeps it from that. */
  async drained(): Promise<void> {
    await CancellationScope.nonCancellable(() => condition(() => this.draining && this.#active === 0));
  }

  async #turn(): Promise<void> {
    if (this.reporter.send()) await this.reporter.settled();
    else await sleep(1);
    this.#newTurn();
  }

  #newTurn(): void {
    this.#sinceTurn = 0;
    this.expressions.steps = 0;
  }
}

/** The original's expressions find variables of loops in `.` as well. */
function withVariables(input: Json, variables: Readonly<Record<string, Json>>): Json {
  const names = Object.keys(variables);
  if (names.length === 0) return input;
  return { ...(isObject(input) ? input : {}), ...Object.fromEntries(names.map((name) => [name.slice(1), variables[name] as Json])) };
}

/** The original keeps what each task exports under its name; the specification's context is what was exported last. Here both are seen. */
function contextOf(exports: JsonObject, context: Json): Json {
  return isObject(context) ? { ...exports, ...context } : Object.keys(exports).length > 0 ? exports : context;
}

/** A time as the specification has it in `$task` and `$workflow`. */
export function moment(time: string): JsonObject {
  const ms = Date.parse(time);
  return { iso8601: time, epoch: { seconds: Math.floor(ms / 1_000), milliseconds: ms } };
}
