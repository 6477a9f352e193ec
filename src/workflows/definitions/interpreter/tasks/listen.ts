import { condition } from '@temporalio/workflow';
import { equal } from '../../../../expressions/jq/json.js';
import type { TaskList } from '../../../../workflow-document/document.js';
import { isObject, type Json, type JsonObject } from '../../../../workflow-document/json.js';
import { isExpression } from '../../../../workflow-document/template.js';
import { standardError } from '../error.js';
import type { EventEnvelope } from '../inbox.js';
import { runList } from '../list.js';
import { frameIn, type Scope, within } from '../scope.js';
import type { TaskContext, TaskExecutor } from '../task.js';

/** `listen`: until the events are there that it waits for. The output is the list of them, or of what `foreach` made of each. */
export const listen: TaskExecutor = async (context) => {
  const { task, frame } = context;
  const { to, read = 'data' } = task['listen'] as JsonObject;
  frame['taken'] ??= [];
  frame['outputs'] ??= [];
  frame['from'] ??= [];
  const taken = frame['taken'] as EventEnvelope[];
  while (!complete(context, to as JsonObject, taken) || taken.length > (frame['outputs'] as Json[]).length) {
    if (taken.length > (frame['outputs'] as Json[]).length) {
      await each(context, taken[(frame['outputs'] as Json[]).length] as EventEnvelope, String(read));
      continue;
    }
    await take(context, to as JsonObject, taken);
  }
  return { output: frame['outputs'] as Json[] };
};

type Filter = JsonObject;

function filtersOf(strategy: JsonObject): Filter[] {
  if (isObject(strategy['one'])) return [strategy['one']];
  return ((strategy['all'] ?? strategy['any'] ?? []) as Json[]).filter(isObject);
}

/** Whether what was taken is what it waits for. `frame.from` holds the number of the filter that took each. */
function complete({ run, frame, situation }: TaskContext, strategy: JsonObject, taken: readonly EventEnvelope[]): boolean {
  const from = frame['from'] as number[];
  if (strategy['all'] !== undefined) return filtersOf(strategy).every((_, i) => from.includes(i));
  const { until } = strategy;
  if (strategy['one'] !== undefined || until === undefined) return taken.length > 0;
  if (until === false) return false;
  if (isObject(until)) return frame['ended'] === true;
  return taken.length > 0 && run.expressions.holds(until, { ...situation, input: taken.map(({ data }) => data) });
}

/** Takes the next event that some filter accepts; waits for it. */
async function take(context: TaskContext, strategy: JsonObject, taken: EventEnvelope[]): Promise<void> {
  const { run, frame } = context;
  const from = frame['from'] as number[];
  const filters = filtersOf(strategy);
  const accepts = (event: EventEnvelope, filter: Filter, i: number): boolean =>
    !(strategy['all'] !== undefined && from.includes(i)) && matches(context, filter, event) && correlates(context, filter, event, taken);
  for (;;) {
    const { arrivals } = run.inbox;
    let number = -1;
    let ends = false;
    const event = run.inbox.take((one) => {
      if (isObject(strategy['until']) && filtersOf(strategy['until']).some((filter) => matches(context, filter, one))) {
        ends = true;
        return true;
      }
      // A listener without filters takes everything.
      number = filters.length === 0 && strategy['any'] !== undefined ? 0 : filters.findIndex((filter, i) => accepts(one, filter, i));
      return number >= 0;
    });
    if (ends) {
      frame['ended'] = true;
      return;
    }
    if (event) {
      taken.push(event);
      from.push(number);
      return;
    }
    await run.resting(() => condition(() => run.inbox.arrivals !== arrivals));
  }
}

/** Kinds of Temporal's messages, by which the original names events. */
const MESSAGES: readonly Json[] = ['signal', 'query', 'update'];

function matches({ run, name, situation, scope }: TaskContext, filter: Filter, event: EventEnvelope): boolean {
  const wanted = isObject(filter['with']) ? filter['with'] : {};
  if (MESSAGES.includes(wanted['type'] ?? null) && typeof wanted['id'] === 'string') {
    if (event.type !== wanted['id']) return false;
    if (wanted['acceptIf'] === undefined) return true;
    const $data = { ...scope.memory.data, [name]: event.data, [wanted['id']]: event.data };
    return run.expressions.holds(wanted['acceptIf'], { input: event.data, variables: { ...situation.variables, $data } });
  }
  return Object.entries(wanted).every(([key, value]) => {
    const found = event[key] ?? null;
    if (typeof value === 'string' && isExpression(value)) {
      const result = run.expressions.template(value, { ...situation, input: key === 'data' ? event.data : event });
      return result === true || (typeof result !== 'boolean' && equal(result, found));
    }
    return equal(value, found);
  });
}

/** Values that belong together must be those that are expected, or those of the first event. */
function correlates({ run, situation }: TaskContext, filter: Filter, event: EventEnvelope, taken: readonly EventEnvelope[]): boolean {
  if (!isObject(filter['correlate'])) return true;
  return Object.values(filter['correlate']).every((rule) => {
    if (!isObject(rule)) return true;
    const valueOf = (one: EventEnvelope): Json => run.expressions.value(rule['from'] ?? null, { ...situation, input: one });
    const [first] = taken;
    const expected = rule['expect'] === undefined ? first && valueOf(first) : run.expressions.template(rule['expect'], situation);
    return expected === undefined || equal(valueOf(event), expected);
  });
}

/** What becomes of an event: it is read, and given to the tasks of `foreach`. */
async function each({ run, task, name, scope, frame }: TaskContext, event: EventEnvelope, read: string): Promise<void> {
  const outputs = frame['outputs'] as Json[];
  const value: Json = read === 'data' ? event.data : event;
  if (run.dialect === 'original') {
    scope.memory.data[name] = event.data;
    scope.memory.data[event.type] = event.data;
  }
  const { foreach } = task;
  if (!isObject(foreach)) {
    outputs.push(value);
    return;
  }
  const { item = 'item', at = 'index' } = foreach;
  const number = outputs.length;
  const variables = { ...scope.variables, [`$${String(item)}`]: value, [`$${String(at)}`]: number };
  const inner: Scope = { ...within(scope, 'foreach/do', `[${number}]`), variables };
  let output = foreach['do'] === undefined ? value : await runList(run, foreach['do'] as unknown as TaskList, value, inner, frameIn(frame, 'list'));
  const flow = (key: string): Json | undefined => (isObject(foreach[key]) ? foreach[key]['as'] : undefined);
  const outputAs = flow('output');
  if (outputAs !== undefined) output = run.expressions.value(outputAs, run.situation(inner, output));
  const exportAs = flow('export');
  if (exportAs !== undefined) scope.memory.context = run.expressions.value(exportAs, run.situation(inner, output));
  delete frame['list'];
  outputs.push(output);
  if (outputs.length > MOST_EVENTS) throw standardError('runtime', `the listener has taken ${MOST_EVENTS} events, which is the limit`);
}

/** Most events of one listener: they are carried along. */
const MOST_EVENTS = 10_000;
