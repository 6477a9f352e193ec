import { entryOf, kindOf, type Task, type TaskList, type WorkflowDocument } from './document.js';
import { type Finding, type Findings, suggestion } from './findings.js';
import { isObject, type Json, type JsonObject } from './json.js';

type Path = Finding['path'];

/** Where a task may send the flow, beside to a task of its own list. */
const DIRECTIVES = ['continue', 'exit', 'end'];

/** Most tasks of a document, nested ones included. */
const MOST_TASKS = 10_000;

/** Checks what needs more than one place to see: names, targets, what can be reached, and what `use` holds. For documents of right shape. */
export function checkReferences(document: WorkflowDocument, findings: Findings): void {
  const use = isObject(document['use']) ? document['use'] : {};
  const count = { tasks: 0 };
  checkList(document.do, ['do'], { findings, use, count });
  const functions = isObject(use['functions']) ? use['functions'] : {};
  for (const [name, task] of Object.entries(functions)) checkTask(task as Task, ['use', 'functions', name], { findings, use, count });
  if (count.tasks > MOST_TASKS) findings.error(['do'], `there are ${count.tasks} tasks, nested ones included, the limit is ${MOST_TASKS}`);
}

interface Look {
  readonly findings: Findings;
  readonly use: JsonObject;
  readonly count: { tasks: number };
}

function checkList(list: TaskList, path: Path, look: Look, branches = false): void {
  const names = list.map((item) => entryOf(item)[0]);
  list.forEach((item, i) => {
    const [name, task] = entryOf(item);
    const at = [...path, i, name];
    const first = names.indexOf(name);
    if (first < i) look.findings.error(at, `${name} is the name of task ${first + 1} of this list already`);
    if (DIRECTIVES.includes(name)) look.findings.error(at, `${name} cannot be the name of a task: as a target it means something else`);
    if (!branches) for (const { target, where } of targetsOf(task, at)) checkTarget(target, where, names, look.findings);
    checkTask(task, at, look);
  });
  if (!branches) checkReachable(list, path, look.findings);
}

function targetsOf(task: Task, path: Path): { target: Json; where: Path }[] {
  const found: { target: Json; where: Path }[] = [];
  if (task['then'] !== undefined) found.push({ target: task['then'], where: [...path, 'then'] });
  if (isObject(task['catch']) && task['catch']['then'] !== undefined) found.push({ target: task['catch']['then'], where: [...path, 'catch', 'then'] });
  if (Array.isArray(task['switch'])) {
    task['switch'].forEach((item, i) => {
      const [name, one] = Object.entries(item as JsonObject)[0] as [string, JsonObject];
      if (one['then'] !== undefined) found.push({ target: one['then'], where: [...path, 'switch', i, name, 'then'] });
    });
  }
  return found;
}

function checkTarget(target: Json, where: Path, names: readonly string[], findings: Findings): void {
  if (typeof target !== 'string' || DIRECTIVES.includes(target) || names.includes(target)) return;
  findings.error(where, `${target} is no task of this list, and not ${DIRECTIVES.join(', ')}${suggestion(target, [...names, ...DIRECTIVES])}`);
}

/** Warns of tasks that no path through the list leads to. */
function checkReachable(list: TaskList, path: Path, findings: Findings): void {
  const index = new Map(list.map((item, i) => [entryOf(item)[0], i]));
  const reached = new Set<number>();
  const queue = [0];
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    const item = list[at];
    if (item === undefined || reached.has(at)) continue;
    reached.add(at);
    for (const next of followers(entryOf(item)[1], at, index)) queue.push(next);
  }
  list.forEach((item, i) => {
    if (!reached.has(i)) findings.warning([...path, i, entryOf(item)[0]], 'is never reached');
  });
}

function followers(task: Task, at: number, index: ReadonlyMap<string, number>): number[] {
  const follow = (target: Json | undefined): number[] => {
    if (target === undefined || target === 'continue') return [at + 1];
    return typeof target === 'string' && index.has(target) ? [index.get(target) as number] : [];
  };
  const ends = task['raise'] !== undefined;
  const own = ends && task['if'] === undefined ? [] : follow(task['then']);
  // A task that is skipped goes on to the next.
  const skipped = task['if'] === undefined ? [] : [at + 1];
  if (!Array.isArray(task['switch'])) return [...own, ...skipped, ...(isObject(task['catch']) && task['catch']['then'] !== undefined ? follow(task['catch']['then']) : [])];
  const cases = task['switch'].map((item) => Object.values(item as JsonObject)[0] as JsonObject);
  const always = cases.findIndex((one) => one['when'] === undefined);
  const possible = always < 0 ? cases : cases.slice(0, always + 1);
  return [...possible.flatMap((one) => follow(one['then'])), ...(always < 0 ? own : []), ...skipped];
}

function checkTask(task: Task, path: Path, look: Look): void {
  look.count.tasks += 1;
  if (look.count.tasks > MOST_TASKS) return;
  checkUse(task, path, look);
  switch (kindOf(task)) {
    case 'do':
    case 'for':
      return checkList(task['do'] as TaskList, [...path, 'do'], look);
    case 'fork':
      return checkList((task['fork'] as JsonObject)['branches'] as TaskList, [...path, 'fork', 'branches'], look, true);
    case 'try': {
      checkList(task['try'] as TaskList, [...path, 'try'], look);
      const handler = task['catch'] as JsonObject | undefined;
      if (handler?.['do'] !== undefined) checkList(handler['do'] as TaskList, [...path, 'catch', 'do'], look);
      return undefined;
    }
    case 'listen': {
      const each = task['foreach'] as JsonObject | undefined;
      if (each?.['do'] !== undefined) checkList(each['do'] as TaskList, [...path, 'foreach', 'do'], look);
      return undefined;
    }
    case 'switch':
      return checkCases(task['switch'] as JsonObject[], path, look.findings);
    default:
      return undefined;
  }
}

function checkCases(cases: readonly JsonObject[], path: Path, findings: Findings): void {
  const always = cases.findIndex((item) => (Object.values(item)[0] as JsonObject)['when'] === undefined);
  cases.forEach((item, i) => {
    const [name] = Object.keys(item);
    if (always >= 0 && i > always) findings.warning([...path, 'switch', i, name as string], 'is never reached: a case before it has no when');
  });
}

/** Names that stand for something in `use`. */
function checkUse(task: Task, path: Path, { findings, use }: Look): void {
  const named = (group: string, name: Json | undefined, where: Path): void => {
    if (typeof name !== 'string') return;
    const known = isObject(use[group]) ? Object.keys(use[group]) : [];
    if (!known.includes(name)) findings.error(where, `use.${group} has no ${name}${suggestion(name, known)}`);
  };
  named('timeouts', task['timeout'], [...path, 'timeout']);
  if (isObject(task['raise'])) named('errors', task['raise']['error'], [...path, 'raise', 'error']);
  if (isObject(task['catch'])) named('retries', task['catch']['retry'], [...path, 'catch', 'retry']);
  const { call } = task;
  if (typeof call !== 'string') return;
  if (!['http', 'grpc', 'openapi', 'asyncapi', 'agent', 'activity'].includes(call) && !call.includes('@')) named('functions', call, [...path, 'call']);
  const args = task['with'];
  if (!isObject(args)) return;
  for (const [holder, where] of [[args, [...path, 'with']], [args['endpoint'], [...path, 'with', 'endpoint']], [args['service'], [...path, 'with', 'service']]] as const) {
    if (!isObject(holder)) continue;
    const { authentication } = holder;
    named('authentications', isObject(authentication) ? authentication['use'] : authentication, [...where, 'authentication']);
  }
}
