import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { AgentExecutionSpecSchema } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/spec_pb.js';
import { openRuntime, sealRuntime } from './runtime-secrets.js';

const spec = () =>
  create(AgentExecutionSpecSchema, {
    runtimeEnv: { KEY: { value: 's3cret', isSecret: true }, REGION: { value: 'eu' } },
    callbackToken: Buffer.from('token'),
  });

describe('secrets of a run', () => {
  it('leave the spec, and come back when they are opened', () => {
    const sealed = spec();
    const [op] = sealRuntime('aex-1', sealed);
    expect(sealed.runtimeEnv['KEY']?.value).toBe('***');
    expect(sealed.runtimeEnv['REGION']?.value).toBe('eu');
    expect(sealed.callbackToken).toHaveLength(0);
    const values = op?.op === 'put-secrets' ? op.values : {};
    expect(Buffer.from(values['callback_token'] ?? []).toString()).toBe('token');
    expect([...openRuntime(sealed.runtimeEnv, values)]).toEqual([
      ['KEY', { value: 's3cret', isSecret: true }],
      ['REGION', { value: 'eu', isSecret: false }],
    ]);
  });

  it('are not sealed a second time from their mask', () => {
    const again = create(AgentExecutionSpecSchema, { runtimeEnv: { KEY: { value: '***', isSecret: true } } });
    expect(sealRuntime('aex-1', again)).toEqual([]);
  });
});
