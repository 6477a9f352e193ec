import { CALLS, COMMON_KEYS, kindOf, keysOf, TASK_KINDS, type TaskKind } from '../document.js';
import { type Finding, suggestion } from '../findings.js';
import { isObject, type Json, type JsonObject } from '../json.js';
import { boolean, type Check, condition, duration, integer, listOf, mapOf, oneOf, orExpression, type Scope, shape, template, templateObject, templateText, text, textOr } from './check.js';
import { callArguments, functionArguments } from './calls.js';
import { commonKeys, errorDefinition, outputFlow, resource, retryPolicy } from './common.js';
import { emit, listen } from './events.js';

type Path = Finding['path'];

/** Tasks may be nested so deep. */
const DEEPEST = 100;

/** A list of tasks: each an object of one key, its name. */
export const taskList: Check = (value, path, scope) => {
  if (!Array.isArray(value)) return scope.findings.error(path, 'must be a list of tasks, each with its name: - fetch: {…}');
  if (value.length === 0) scope.findings.error(path, 'must have at least one task');
  if (depthOf(path) > DEEPEST) return scope.findings.error(path, `tasks are nested more than ${DEEPEST} deep`);
  value.forEach((item, i) => namedTask(item, [...path, i], scope));
};

function depthOf(path: Path): number {
  return path.filter((key) => typeof key === 'number').length;
}

const namedTask: Check = (value, path, scope) => {
  const names = isObject(value) ? Object.keys(value) : [];
  const [name] = names;
  if (!isObject(value) || name === undefined || names.length !== 1) {
    return scope.findings.error(path, `must be an object with one key, the task's name${names.length > 1 ? `, and has ${names.join(', ')}: indent what belongs to the task` : ''}`);
  }
  return task(value[name] as Json, [...path, name], scope);
};

const task: Check = (value, path, scope) => {
  if (!isObject(value)) return scope.findings.error(path, `must be an object with one of ${TASK_KINDS.join(', ')}`);
  const kind = kindOf(value);
  if (kind === undefined) return scope.findings.error(path, withoutKind(value));
  return shape({ ...commonKeys, ...TASKS[kind](value, scope) })(value, path, scope);
};

function withoutKind(value: JsonObject): string {
  const keys = keysOf(value);
  if (keys.includes('for') && keys.length === 1) return 'a loop has do: with the tasks to repeat, beside for:';
  if (keys.length > 1) return `is of several kinds at once: ${keys.join(', ')}`;
  const unknown = Object.keys(value).filter((key) => !(COMMON_KEYS as readonly string[]).includes(key));
  const meant = unknown.map((key) => suggestion(key, TASK_KINDS)).find((found) => found !== '') ?? '';
  const has = unknown.length === 0 ? '' : `, and has ${unknown.join(', ')}`;
  return `has none of the keys that say what it does: ${TASK_KINDS.join(', ')}${has}${meant}`;
}

/** `check` with more variables than outside. */
function within(variables: readonly string[], check: Check): Check {
  return (value, path, scope) => check(value, path, { ...scope, variables: [...scope.variables, ...variables] });
}

const identifier: Check = (value, path, { findings }) => {
  if (typeof value !== 'string' || !/^[A-Za-z_]\w*$/.test(value)) findings.error(path, 'must be the name of a variable: letters, digits and _, without $');
};

function nameIn(value: Json | undefined, key: string, otherwise: string): string {
  const name = isObject(value) ? value[key] : undefined;
  return `$${typeof name === 'string' ? name : otherwise}`;
}

/** The keys of each kind beside the common ones. Those that bind variables look at the task first. */
const TASKS: Readonly<Record<TaskKind, (task: JsonObject, scope: Scope) => Readonly<Record<string, Check>>>> = {
  call: ({ call }) => ({
    'call!': text,
    with: typeof call === 'string' && Object.hasOwn(callArguments, call) ? (callArguments[call] as Check) : functionArguments,
    ...(typeof call === 'string' && (CALLS as readonly string[]).includes(call) ? { 'with!': callArguments[call] as Check } : {}),
  }),
  do: () => ({ 'do!': taskList }),
  emit: () => ({ 'emit!': emit }),
  for: (task) => {
    const variables = [nameIn(task['for'], 'each', 'item'), nameIn(task['for'], 'at', 'index')];
    return {
      'for!': shape({ each: identifier, at: identifier, 'in!': condition }),
      while: within(variables, condition),
      'do!': within(variables, taskList),
    };
  },
  fork: () => ({ 'fork!': shape({ 'branches!': taskList, compete: boolean }) }),
  listen: (task) => {
    const variables = [nameIn(task['foreach'], 'item', 'item'), nameIn(task['foreach'], 'at', 'index')];
    return {
      'listen!': listen,
      foreach: shape({
        item: identifier,
        at: identifier,
        do: within(variables, taskList),
        output: within(variables, outputFlow),
        export: within(variables, outputFlow),
      }),
    };
  },
  raise: () => ({ 'raise!': shape({ 'error!': errorDefinition }) }),
  run: () => ({ 'run!': run }),
  set: () => ({ 'set!': orExpression(templateObject) }),
  switch: () => ({ 'switch!': listOf(switchCase) }),
  try: (task) => {
    const variables = [nameIn(task['catch'], 'as', 'error')];
    return {
      'try!': taskList,
      catch: shape({
        errors: shape({ with: shape({ type: text, status: integer(0, 599), title: text, detail: text, instance: text }) }),
        as: identifier,
        when: within(variables, condition),
        exceptWhen: within(variables, condition),
        retry: within(variables, retryPolicy),
        do: within(variables, taskList),
        then: text,
      }),
    };
  },
  wait: () => ({ 'wait!': duration }),
};

const switchCase: Check = (value, path, scope) => {
  const [name] = isObject(value) ? Object.keys(value) : [];
  if (!isObject(value) || name === undefined || Object.keys(value).length !== 1) return scope.findings.error(path, "must be an object with one key, the case's name");
  return shape({ when: condition, then: text })(value[name] as Json, [...path, name], scope);
};

const process: Readonly<Record<string, Check>> = { arguments: orExpression(textOr(templateText, template)), environment: mapOf(template), stdin: template };

const run: Check = (value, path, scope) => {
  shape({
    container: shape({
      'image!': templateText,
      name: templateText,
      command: templateText,
      ports: mapOf(template),
      volumes: mapOf(template),
      ...process,
      lifetime: shape({ 'cleanup!': oneOf('always', 'never', 'eventually'), after: duration }),
      pullPolicy: oneOf('ifNotPresent', 'always', 'never'),
    }),
    script: shape({ 'language!': oneOf('js', 'javascript', 'python'), code: text, source: resource, ...process }),
    shell: shape({ 'command!': templateText, ...process }),
    workflow: shape({ namespace: text, 'name!': templateText, version: text, input: template }),
    await: boolean,
    return: oneOf('stdout', 'stderr', 'code', 'all', 'none'),
  })(value, path, scope);
  if (!isObject(value)) return;
  const chosen = ['container', 'script', 'shell', 'workflow'].filter((key) => Object.hasOwn(value, key));
  if (chosen.length !== 1) scope.findings.error(path, `must have one of container, script, shell, workflow${chosen.length === 0 ? '' : `, and has ${chosen.join(' and ')}`}`);
  const { script } = value;
  if (isObject(script) && Object.hasOwn(script, 'code') === Object.hasOwn(script, 'source')) scope.findings.error([...path, 'script'], 'must have either code or source');
};

export const oneTask: Check = task;
