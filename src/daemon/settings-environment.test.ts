import { expect, it } from 'vitest';
import { readSupervisorSettings } from './env.js';
import { settingsEnvironment } from './settings-environment.js';

it('lets a flag win over the environment, whatever the variable was called there', () => {
  const env = settingsEnvironment({ GRPC_PORT: '1', STIGMER_HTTP_PORT: '2' }, { STIGMER_GRPC_PORT: '3', STIGMER_HTTP_PORT: undefined });
  expect(readSupervisorSettings(env)).toMatchObject({ STIGMER_GRPC_PORT: 3, STIGMER_HTTP_PORT: 2 });
});
