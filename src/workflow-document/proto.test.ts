import { fromJson } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { WorkflowSpecSchema } from '../contract/gen/ai/stigmer/agentic/workflow/v1/spec_pb.js';
import type { WorkflowDocument } from './document.js';
import { documentOfSpec } from './from-spec.js';
import type { Json } from './json.js';
import { specOfDocument } from './to-spec.js';
import { validateSpec } from './validate-spec.js';
import { validateText } from './validate.js';

const head = { dsl: '1.0.0', namespace: 'lab', name: 'probe', version: '0.1.0' };
const set = (name: string) => ({ name, kind: 'WORKFLOW_TASK_KIND_SET', taskConfig: { variables: { a: '1' } } });

/** One of each kind, as proto JSON and as a task of a document. */
const kinds: readonly (readonly [kind: string, config: Json, task: Json])[] = [
  ['SET', { variables: { a: '${ .b }' } }, { set: { a: '${ .b }' } }],
  [
    'HTTP_CALL',
    { method: 'GET', endpoint: { uri: 'https://example.com' }, headers: { a: 'b' }, timeoutSeconds: 5 },
    { call: 'http', with: { method: 'GET', endpoint: { uri: 'https://example.com' }, headers: { a: 'b' } }, timeout: { after: { seconds: 5 } } },
  ],
  [
    'GRPC_CALL',
    { service: 'api.local:7000/demo.Echo', method: 'Say', request: { a: 1 } },
    { call: 'grpc', with: { proto: { endpoint: 'reflection:' }, service: { name: 'demo.Echo', host: 'api.local', port: 7000 }, method: 'Say', arguments: { a: 1 } } },
  ],
  ['CALL_ACTIVITY', { activity: 'resize', input: { w: 1 } }, { call: 'activity', with: { name: 'resize', input: { w: 1 } } }],
  ['SWITCH', { cases: [{ name: 'x', when: '${ .a == "b" }', then: 'next' }, { name: 'y', then: 'end' }] }, { switch: [{ x: { when: '${ .a == "b" }', then: 'next' } }, { y: { then: 'end' } }] }],
  ['FOR', { each: 'item', in: '${ .items }', do: [set('x')] }, { for: { each: 'item', in: '${ .items }' }, do: [{ x: { set: { a: '1' } } }] }],
  [
    'FORK',
    { branches: [{ name: 'l', do: [set('x')] }, { name: 'r', do: [set('x')] }], compete: true },
    { fork: { branches: [{ l: { do: [{ x: { set: { a: '1' } } }] } }, { r: { do: [{ x: { set: { a: '1' } } }] } }], compete: true } },
  ],
  ['TRY', { try: [set('x')], catch: { as: 'e', do: [set('y')] } }, { try: [{ x: { set: { a: '1' } } }], catch: { as: 'e', do: [{ y: { set: { a: '1' } } }] } }],
  ['LISTEN', { to: { mode: 'one', signals: [{ id: 'go', type: 'signal' }] } }, { listen: { to: { one: { with: { id: 'go', type: 'signal' } } } } }],
  ['WAIT', { seconds: 2 }, { wait: { seconds: 2 } }],
  ['RAISE', { error: 'validation', message: 'no' }, { raise: { error: { type: 'https://serverlessworkflow.io/spec/1.0.0/errors/validation', status: 400, title: 'validation', detail: 'no' } } }],
  ['RUN', { workflow: 'other', input: { a: 1 } }, { run: { workflow: { name: 'other', input: { a: 1 } } } }],
  ['AGENT_CALL', { agent: 'reviewer', message: 'Look', config: { model: 'm', timeout: 60 } }, { call: 'agent', with: { agent: 'reviewer', message: 'Look', config: { model: 'm', timeout: 60 } } }],
];

const specOf = (tasks: readonly object[]): Json => ({ document: head, tasks }) as unknown as Json;

describe('a task of the contract', () => {
  it.each(kinds)('of kind %s is one of the document, and back', (kind, taskConfig, task) => {
    const first = { name: 'first', kind: `WORKFLOW_TASK_KIND_${kind}`, taskConfig, export: { as: '${ . }' } };
    const spec = specOf([first, set('next')]);
    const { document } = documentOfSpec(spec);
    expect(document.do[0]).toEqual({ first: { ...(task as object), export: { as: '${ . }' } } });
    expect(validateSpec(fromJson(WorkflowSpecSchema, spec as never)).errors).toEqual([]);
    const back = specOfDocument(document);
    expect(documentOfSpec(back.spec, back.extras).document).toEqual(document);
  });

  it('keeps its flow', () => {
    expect(documentOfSpec(specOf([{ ...set('a'), flow: { then: 'end' } }])).document.do).toEqual([{ a: { set: { a: '1' }, then: 'end' } }]);
  });

  it('as the SDK for Go writes it is taken', () => {
    const loop = { name: 'loop', kind: 6, task_config: { each: 'item', in: '${ $context["fetch"].items }', do: [{ ...set('x'), task_config: {}, taskConfig: { variables: { f: '${.item.f}', s: '${.secrets.KEY}' } } }] } };
    const route = { name: 'route', kind: 'WORKFLOW_TASK_KIND_SWITCH', taskConfig: { cases: [{ name: 'a', when: '${ $context["fetch"].state } == "x"', then: 'end' }] } };
    expect(validateSpec(fromJson(WorkflowSpecSchema, specOf([set('fetch'), loop, route]) as never))).toEqual({ errors: [], warnings: [] });
  });

  it('with a fault is told by the path of the contract', () => {
    const loop = { name: 'loop', kind: 'WORKFLOW_TASK_KIND_FOR', taskConfig: { each: 'item', in: '${ .x', do: [{ ...set('x'), taskConfig: { variables: { f: '${ .a | nope }' } } }] } };
    expect(validateSpec(fromJson(WorkflowSpecSchema, specOf([set('a'), loop]) as never)).errors).toEqual([
      { field: 'spec.tasks[1]', description: expect.stringContaining('for.in: the expression cannot be read'), rule: 'document' },
      { field: 'spec.tasks[1].task_config.do[0]', description: expect.stringContaining('set.f: the expression cannot be read: nope/0'), rule: 'document' },
    ]);
  });
});

describe('a document', () => {
  it('whose tasks the contract has no fields for is a WorkflowSpec too, and back', () => {
    const { document } = validateText(`
document: {dsl: '1.0.0', namespace: lab, name: probe, version: '0.1.0', title: T, summary: S, tags: {a: b}}
use: {secrets: [P]}
input: {from: .a}
output: {as: .b}
timeout: {after: PT1H}
do:
- a: {do: [{x: {set: {n: 1, o: {p: [1]}}}}], timeout: {after: PT5S}}
- b: {wait: PT0.5S, then: d}
- c: {set: {s: t}, if: .x}
- d: {emit: {event: {with: {type: t}}}, export: {as: {k: .x}}}
- e: {run: {shell: {command: ls}}}
`);
    const { spec, extras } = specOfDocument(document as WorkflowDocument);
    expect(fromJson(WorkflowSpecSchema, spec as never).tasks).toHaveLength(5);
    const back = documentOfSpec(JSON.parse(JSON.stringify(spec)) as Json, JSON.parse(JSON.stringify(extras)) as never).document;
    expect(back.do).toEqual(document?.do);
    expect(back).toMatchObject({ ...document, document: { ...document?.document } });
  });
});
