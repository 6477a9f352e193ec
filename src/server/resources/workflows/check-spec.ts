import { fromJson, type Message } from '@bufbuild/protobuf';
import type { FieldViolation } from '../../../contract/errors.js';
import type { Workflow } from '../../../contract/gen/ai/stigmer/agentic/workflow/v1/api_pb.js';
import type { WorkflowTask } from '../../../contract/gen/ai/stigmer/agentic/workflow/v1/spec_pb.js';
import type { ForkTaskConfig } from '../../../contract/gen/ai/stigmer/agentic/workflow/v1/tasks/fork_pb.js';
import type { ForTaskConfig } from '../../../contract/gen/ai/stigmer/agentic/workflow/v1/tasks/for_pb.js';
import type { SwitchTaskConfig } from '../../../contract/gen/ai/stigmer/agentic/workflow/v1/tasks/switch_pb.js';
import type { TryTaskConfig } from '../../../contract/gen/ai/stigmer/agentic/workflow/v1/tasks/try_pb.js';
import { WorkflowTaskKind } from '../../../contract/gen/ai/stigmer/commons/apiresource/enum_pb.js';
import { registry } from '../../../contract/registry.js';
import type { Validate } from '../../../contract/validation.js';
import { violationsOf } from '../validate.js';
import { taskConfigSchemas } from './task-configs.js';
import { type UnknownKey, unknownKeys } from './unknown-keys.js';

/** Where `then` may lead beside the names of tasks. */
const DIRECTIVES = ['continue', 'exit', 'end'];

/**
 * Everything that is wrong with a workflow's tasks, at any depth, each with its path: configurations that are not what the task's kind
 * wants, names that stand twice in one list, and `then` to a task that is not there.
 */
export function checkWorkflowSpec({ spec }: Workflow, validate: Validate): FieldViolation[] {
  if (spec === undefined) return [violation('spec', 'value is required')];
  return checkTasks(spec.tasks, 'spec.tasks', validate);
}

/** Where each name stands first in a list of tasks. */
type Names = ReadonlyMap<string, number>;

function checkTasks(tasks: readonly WorkflowTask[], path: string, validate: Validate): FieldViolation[] {
  const names: Names = new Map(tasks.map(({ name }, index): [string, number] => [name, index]).toReversed());
  return tasks.flatMap((task, index) => {
    const at = `${path}[${index}]`;
    return [
      ...checkName(task, index, names, at),
      ...checkTarget(task.flow?.then ?? '', names, `${at}.flow.then`),
      ...checkConfig(task, names, at, validate),
    ];
  });
}

function checkName({ name }: WorkflowTask, index: number, names: Names, at: string): FieldViolation[] {
  const first = names.get(name) ?? index;
  return name !== '' && first < index ? [violation(`${at}.name`, `'${name}' is the name of task ${first + 1} of this list already`)] : [];
}

function checkTarget(target: string, names: Names, at: string): FieldViolation[] {
  if (target === '' || DIRECTIVES.includes(target) || names.has(target)) return [];
  return [violation(at, `'${target}' is no task of this list, and not ${DIRECTIVES.slice(0, -1).join(', ')} or ${DIRECTIVES.at(-1)}`)];
}

function checkConfig({ kind, taskConfig }: WorkflowTask, names: Names, task: string, validate: Validate): FieldViolation[] {
  // A kind or configuration that is missing is found by the contract's own rules.
  if (kind === WorkflowTaskKind.UNSPECIFIED || taskConfig === undefined) return [];
  const schema = taskConfigSchemas.get(kind);
  if (schema === undefined) return [violation(`${task}.kind`, `${kind} is not the number of a kind of task`)];
  const at = `${task}.task_config`;
  const strangers = unknownKeys(schema, taskConfig).map((key) => strange(key, at));
  const config = decode(() => fromJson(schema, taskConfig, { registry, ignoreUnknownFields: true }));
  if (typeof config === 'string') return [...strangers, violation(at, config)];
  const rules = violationsOf(() => validate(schema, config)).map(({ field, ...rest }) => ({
    ...rest,
    field: field === '' ? at : `${at}.${field}`,
  }));
  return [...strangers, ...rules, ...checkNested(config, names, at, validate)];
}

/** Tasks and targets within a configuration. */
function checkNested(config: Message, names: Names, at: string, validate: Validate): FieldViolation[] {
  const inner = (tasks: readonly WorkflowTask[], name: string) => checkTasks(tasks, `${at}.${name}`, validate);
  switch (config.$typeName) {
    case 'ai.stigmer.agentic.workflow.v1.tasks.ForTaskConfig':
      return inner((config as ForTaskConfig).do, 'do');
    case 'ai.stigmer.agentic.workflow.v1.tasks.ForkTaskConfig':
      return (config as ForkTaskConfig).branches.flatMap((branch, index) => inner(branch.do, `branches[${index}].do`));
    case 'ai.stigmer.agentic.workflow.v1.tasks.TryTaskConfig':
      return [...inner((config as TryTaskConfig).try, 'try'), ...inner((config as TryTaskConfig).catch?.do ?? [], 'catch.do')];
    case 'ai.stigmer.agentic.workflow.v1.tasks.SwitchTaskConfig':
      return (config as SwitchTaskConfig).cases.flatMap(({ then }, index) => checkTarget(then, names, `${at}.cases[${index}].then`));
    default:
      return [];
  }
}

function strange({ path, schema }: UnknownKey, at: string): FieldViolation {
  return violation(`${at}.${path}`, `is no field of ${schema.name}, which has ${schema.fields.map(({ name }) => name).join(', ')}`);
}

/** The message, or why there is none. */
function decode(read: () => Message): Message | string {
  try {
    return read();
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).replace(/^cannot decode /, 'cannot be read: ');
  }
}

function violation(field: string, description: string): FieldViolation {
  return { field, description, rule: '' };
}
