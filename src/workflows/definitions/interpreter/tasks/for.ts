import type { TaskList } from '../../../../workflow-document/document.js';
import { isObject, type Json, type JsonObject } from '../../../../workflow-document/json.js';
import { standardError } from '../error.js';
import { runList } from '../list.js';
import { copyMemory, frameIn, type Memory, type Scope, within } from '../scope.js';
import type { TaskContext, TaskExecutor } from '../task.js';

/**
 * `for`: its list once for each item. By the specification each turn gets the output of the one before, and the last one's is the output
 * of the loop; in the original's dialect turns have copies of the data, and the outputs are a list, or an object for an object.
 */
export const forTask: TaskExecutor = async (context) => {
  const { run, task, input, scope, frame, situation } = context;
  const { each = 'item', at = 'index', in: source } = task['for'] as JsonObject;
  frame['items'] ??= itemsOf(run.expressions.value(source ?? null, situation));
  const items = frame['items'] as [Json, Json][];
  const original = run.dialect === 'original';
  frame['turn'] ??= 0;
  frame['output'] ??= original ? [] : input;
  for (let turn = frame['turn'] as number; turn < items.length; turn++) {
    const [key, item] = items[turn] as [Json, Json];
    const variables = { ...scope.variables, [`$${String(each)}`]: item, [`$${String(at)}`]: key };
    const memory = original ? turnMemory(context, String(each), String(at), item, key) : scope.memory;
    const inner: Scope = { ...within(scope, 'do', `[${turn}]`), variables, memory };
    const turnInput = original ? input : (frame['output'] as Json);
    if (task['while'] !== undefined && frame['list'] === undefined && !run.expressions.holds(task['while'], run.situation({ ...inner, previous: turnInput }, turnInput))) break;
    const output = await runList(run, task['do'] as unknown as TaskList, turnInput, inner, frameIn(frame, 'list'));
    delete frame['list'];
    delete frame['memory'];
    if (original) (frame['output'] as Json[]).push(output);
    else frame['output'] = output;
    frame['turn'] = turn + 1;
  }
  return { output: outputOf(frame['output'], items, original) };
};

function turnMemory({ scope, frame }: TaskContext, each: string, at: string, item: Json, key: Json): Memory {
  if (frame['memory'] === undefined) {
    const memory = copyMemory(scope.memory);
    memory.data = { ...memory.data, [each]: item, [at]: key };
    frame['memory'] = memory;
  }
  return frame['memory'] as Memory;
}

function outputOf(output: Json | undefined, items: readonly [Json, Json][], original: boolean): Json {
  if (!original || typeof items[0]?.[0] !== 'string') return output ?? null;
  return Object.fromEntries((output as Json[]).map((value, i) => [String(items[i]?.[0]), value]));
}

/** Index or key, and value, of what the loop goes through. A number stands for that many turns. */
function itemsOf(value: Json): [Json, Json][] {
  if (Array.isArray(value)) return value.map((item, i) => [i, item]);
  if (isObject(value)) return Object.entries(value);
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 100_000) return Array.from({ length: value }, (_, i) => [i, i]);
  throw standardError('expression', `a loop goes through a list, an object or a number of turns, and this is ${JSON.stringify(value).slice(0, 100)}`);
}
