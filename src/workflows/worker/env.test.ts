import { describe, expect, it } from 'vitest';
import { workerEnvironment } from './env.js';

const required = { STIGMER_BACKEND_ENDPOINT: 'localhost:7234', STIGMER_TOKEN_FILE: '/run/token', TEMPORAL_SERVICE_ADDRESS: 'localhost:7233' };

describe("the worker's environment", () => {
  it('needs three variables, and has defaults for the rest', () => {
    expect(workerEnvironment.read(required)).toMatchObject({
      TEMPORAL_NAMESPACE: 'default',
      TEMPORAL_AGENT_EXECUTION_STIGMER_TASK_QUEUE: 'agent_execution_stigmer',
      TEMPORAL_WORKFLOW_EXECUTION_STIGMER_TASK_QUEUE: 'workflow_execution_stigmer',
      STIGMER_EXIT_WITH_STDIN: false,
      LOG_LEVEL: 'info',
    });
  });

  it.each(Object.keys(required))('does not do without %s', (name) => {
    expect(() => workerEnvironment.read({ ...required, [name]: undefined })).toThrow(`${name} is not set`);
  });

  it('refuses the name that the original set and nobody read, and an address with a scheme', () => {
    expect(() => workerEnvironment.read({ ...required, STIGMER_BACKEND_ENDPOINT: undefined, STIGMER_BACKEND_URL: 'http://localhost:7234' })).toThrow('use STIGMER_BACKEND_ENDPOINT');
    expect(() => workerEnvironment.read({ ...required, STIGMER_BACKEND_ENDPOINT: 'http://localhost:7234' })).toThrow('without a scheme');
  });

  it('takes either name of the address of Temporal, and refuses two that disagree', () => {
    const { TEMPORAL_SERVICE_ADDRESS: _, ...rest } = required;
    expect(workerEnvironment.read({ ...rest, TEMPORAL_HOST_PORT: 'temporal:7233' }).TEMPORAL_SERVICE_ADDRESS).toBe('temporal:7233');
    expect(() => workerEnvironment.read({ ...required, TEMPORAL_HOST_PORT: 'temporal:7233' })).toThrow('TEMPORAL_SERVICE_ADDRESS and TEMPORAL_HOST_PORT disagree');
  });
});
