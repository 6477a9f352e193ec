import { expect, it } from 'vitest';
import { environment } from '../../runner/env.js';
import { explainAddresses } from './explain-addresses.js';

it('tells the addresses that a program was given', () => {
  const env = { STIGMER_BACKEND_ENDPOINT: 'a:1', TEMPORAL_SERVICE_ADDRESS: 'b:2', OPENAI_API_KEY: 'sk-secret' };
  expect(explainAddresses('agent-runner-1', environment, env)).toBe('agent-runner-1 was given STIGMER_BACKEND_ENDPOINT=a:1 and TEMPORAL_SERVICE_ADDRESS=b:2');
});

it('tells an address that was given by the wrong name, and no value of anything else', () => {
  const env = { STIGMER_BACKEND_URL: 'http://a:1', TEMPORAL_SERVICE_ADDRESS: 'b:2', TOKEN: 'secret' };
  expect(explainAddresses('agent-runner-1', environment, env)).toBe(
    'agent-runner-1 was given no STIGMER_BACKEND_ENDPOINT and TEMPORAL_SERVICE_ADDRESS=b:2, and STIGMER_BACKEND_URL=http://a:1, TOKEN, which it does not read',
  );
});
