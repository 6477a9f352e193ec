// oxlint-disable unicorn/no-thenable -- `then` is a word of the workflow language
import { describe, expect, it } from 'vitest';
import { refusal } from '../../../../test/support/refusal.js';
import { drafts } from '../../../../test/support/resource-drafts.js';
import { engineFixture } from '../../../../test/support/resource-engine.js';
import { loadValidator } from '../../../contract/validation.js';
import { Code } from '../../../contract/errors.js';
import { WorkflowCommandController } from '../../../contract/gen/ai/stigmer/agentic/workflow/v1/command_pb.js';
import { WorkflowTaskKind as Kind } from '../../../contract/gen/ai/stigmer/commons/apiresource/enum_pb.js';
import { checkWorkflowSpec } from './check-spec.js';

const set = (name: string, then?: string) => ({
  name,
  kind: Kind.SET,
  taskConfig: { variables: { a: '1' } },
  ...(then === undefined ? {} : { flow: { then } }),
});
const nestedSet = (name: string) => ({ name, kind: 'WORKFLOW_TASK_KIND_SET', taskConfig: { variables: { a: '1' } } });

async function faults({ tasks }: { readonly tasks: readonly object[] }) {
  return checkWorkflowSpec(drafts.workflow('W', {}, { tasks: tasks as never }), await loadValidator()).map(
    ({ field, description }) => `${field}: ${description}`,
  );
}

describe('the tasks of a workflow', () => {
  it.each([
    [Kind.SET, { variables: { a: '${ .b }' } }],
    [Kind.HTTP_CALL, { method: 'GET', endpoint: { uri: 'https://example.com' }, timeout_seconds: 5, headers: { a: 'b' } }],
    [Kind.HTTP_CALL, { method: 'GET', endpoint: { uri: 'https://example.com' }, timeoutSeconds: 5 }],
    [Kind.GRPC_CALL, { service: 'a.B', method: 'c', request: { any: { thing: [1] } } }],
    [Kind.CALL_ACTIVITY, { activity: 'resize', input: { w: 1 } }],
    [
      Kind.SWITCH,
      {
        cases: [
          { name: 'a', when: '${ true }', then: 'first' },
          { name: 'b', then: 'end' },
        ],
      },
    ],
    [Kind.FOR, { each: 'item', in: '${ .items }', do: [nestedSet('x')] }],
    [
      Kind.FORK,
      {
        branches: [
          { name: 'a', do: [nestedSet('x')] },
          { name: 'b', do: [nestedSet('x')] },
        ],
        compete: true,
      },
    ],
    [Kind.TRY, { try: [nestedSet('x')], catch: { as: 'e', do: [nestedSet('x')] } }],
    [Kind.LISTEN, { to: { mode: 'one', signals: [{ id: 'go', type: 'signal' }] } }],
    [Kind.WAIT, { seconds: 1 }],
    [Kind.RAISE, { error: 'e', message: 'm' }],
    [Kind.RUN, { workflow: 'other' }],
    [Kind.AGENT_CALL, { agent: 'reviewer', message: 'Look', config: { model: 'm', timeout: 60 } }],
  ])('of kind %i may be %j', async (kind, taskConfig) => {
    expect(await faults({ tasks: [set('first'), { name: 'second', kind, taskConfig }] })).toEqual([]);
  });

  it('are all checked, and each fault is told with its path', async () => {
    const tasks = [
      set('twice', 'nowhere'),
      set('twice', 'exit'),
      { name: 'misspelt', kind: Kind.HTTP_CALL, taskConfig: { method: 'GET', endpoint: { url: 'x' }, timeout_seconds: 5 } },
      { name: 'wrong type', kind: Kind.WAIT, taskConfig: { seconds: 'soon' } },
      { name: 'rule', kind: Kind.WAIT, taskConfig: { seconds: 0 } },
      { name: 'unknown kind', kind: 99 as Kind, taskConfig: {} },
      {
        name: 'choose',
        kind: Kind.SWITCH,
        taskConfig: {
          cases: [
            { name: 'a', then: 'twice' },
            { name: 'b', then: 'gone' },
          ],
        },
      },
    ];
    expect(await faults({ tasks })).toEqual([
      "spec.tasks[0].flow.then: 'nowhere' is no task of this list, and not continue, exit or end",
      "spec.tasks[1].name: 'twice' is the name of task 1 of this list already",
      'spec.tasks[2].task_config.endpoint.url: is no field of HttpEndpoint, which has uri',
      'spec.tasks[2].task_config.endpoint.uri: value is required',
      expect.stringMatching(/^spec\.tasks\[3\]\.task_config: cannot be read: .*seconds/),
      'spec.tasks[4].task_config.seconds: value is required',
      'spec.tasks[5].kind: 99 is not the number of a kind of task',
      "spec.tasks[6].task_config.cases[1].then: 'gone' is no task of this list, and not continue, exit or end",
    ]);
  });

  it('are checked at any depth', async () => {
    const inner = {
      name: 'inner',
      kind: 'WORKFLOW_TASK_KIND_FOR',
      taskConfig: { each: 'i', in: '${ .x }', do: [{ ...nestedSet('x'), flow: { then: 'outer' } }] },
    };
    const fork = {
      branches: [
        { name: 'a', do: [inner] },
        { name: 'b', do: [nestedSet('x'), nestedSet('x')] },
      ],
    };
    const attempt = {
      name: 'try',
      kind: Kind.TRY,
      taskConfig: { try: [{ name: 'w', kind: 'WORKFLOW_TASK_KIND_WAIT', taskConfig: {} }], catch: { do: [] } },
    };
    expect(await faults({ tasks: [{ name: 'outer', kind: Kind.FORK, taskConfig: fork }, attempt] })).toEqual([
      "spec.tasks[0].task_config.branches[0].do[0].task_config.do[0].flow.then: 'outer' is no task of this list, and not continue, exit or end",
      "spec.tasks[0].task_config.branches[1].do[1].name: 'x' is the name of task 1 of this list already",
      expect.stringContaining('spec.tasks[1].task_config.catch.do: '),
      'spec.tasks[1].task_config.try[0].task_config.seconds: value is required',
    ]);
  });

  it('may not be nested without end', async () => {
    let task: object = nestedSet('x');
    for (let depth = 0; depth < 40; depth++)
      task = { name: 'x', kind: 'WORKFLOW_TASK_KIND_FOR', taskConfig: { each: 'i', in: '${ .x }', do: [task] } };
    const found = await faults({ tasks: [{ name: 'x', kind: Kind.FOR, taskConfig: (task as { taskConfig: object }).taskConfig }] });
    expect(found).toEqual([expect.stringContaining('maximum recursion depth')]);
  });

  it('are refused by create with every fault, and noted as valid when they are', async () => {
    const { call, clock } = await engineFixture();
    const { create } = WorkflowCommandController.method;
    const error = await refusal(call(create, drafts.workflow('W', {}, { tasks: [set('a', 'x'), set('b', 'y')] })));
    expect([error.code, error.violations.map(({ field }) => field)]).toEqual([
      Code.INVALID_ARGUMENT,
      ['spec.tasks[0].flow.then', 'spec.tasks[1].flow.then'],
    ]);
    const draft = drafts.workflow();
    delete draft.spec;
    expect((await refusal(call(create, draft))).violations[0]?.field).toBe('spec');
    const { status } = await call(create, drafts.workflow());
    expect(status?.serverlessWorkflowValidation).toMatchObject({ state: 2, errors: [] });
    expect(Number(status?.serverlessWorkflowValidation?.validatedAt?.seconds) * 1000).toBe(clock.now());
  });
});
