import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { WorkflowSpecSchema } from '../contract/gen/ai/stigmer/agentic/workflow/v1/spec_pb.js';
import { runInput } from './run-input.js';

const spec = create(WorkflowSpecSchema, { document: { dsl: '1.0.0', namespace: 'Lab', name: 'My Flow', version: '1.0.0' }, tasks: [{ name: 'a', kind: 1, taskConfig: { variables: { x: '1' } } }] });
const source = { spec, org: 'acme', triggerMessage: '', triggerMetadata: { from: 'cron' }, variables: {} };

describe('what a run is given', () => {
  it('has the document, and no value of a secret', () => {
    const variables = { TOKEN: { value: 'hunter2', isSecret: true }, REGION: { value: 'eu', isSecret: false } };
    const given = runInput({ ...source, variables });
    expect(given.document).toMatchObject({ document: { namespace: 'lab', name: 'my-flow' }, do: [{ a: { set: { x: '1' } } }] });
    expect(given.variables).toEqual({ TOKEN: { isSecret: true }, REGION: { value: 'eu', isSecret: false } });
    expect(JSON.stringify(given)).not.toContain('hunter2');
  });

  it.each([
    ['{"pr": 42}', { pr: 42 }],
    ['Review it', 'Review it'],
    ['', { from: 'cron' }],
  ])('by the message %j has the input %j', (triggerMessage, input) => {
    expect(runInput({ ...source, triggerMessage }).input).toEqual(input);
  });
});
