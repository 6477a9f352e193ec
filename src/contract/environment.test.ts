import { describe, expect, expectTypeOf, it } from 'vitest';
import { defineEnvironment } from './environment.js';
import { Code, StigmerError } from './errors.js';

const environment = defineEnvironment({
  BACKEND_ENDPOINT: {
    type: 'address',
    required: true,
    meaning: 'the address of the server',
    example: 'localhost:7234',
    refused: { BACKEND_URL: 'use BACKEND_ENDPOINT' },
  },
  SERVICE_ADDRESS: { type: 'address', meaning: 'the address of Temporal', example: 'localhost:7233', aliases: ['HOST_PORT'] },
  SLOTS: { type: 'int', default: 10, min: 1, max: 100, meaning: 'runs at a time', example: '10' },
  LOG_LEVEL: { type: 'enum', values: ['debug', 'info', 'WARN'], default: 'info', meaning: 'how much is logged', example: 'debug' },
  EXIT_WITH_STDIN: { type: 'boolean', default: false, meaning: 'end when standard input ends', example: '1' },
  TOKEN_FILE: { type: 'path', meaning: 'a file', example: '/run/token' },
  PASSWORD: { type: 'int', secret: true, meaning: 'a number that nobody may see', example: '1234' },
  NAME: { type: 'string', meaning: 'a name', example: 'one' },
});
const valid = { BACKEND_ENDPOINT: 'localhost:7234' };

function refusal(env: Record<string, string>): StigmerError {
  try {
    environment.read(env);
  } catch (error) {
    if (error instanceof StigmerError) return error;
    throw error;
  }
  throw new Error('the environment was taken');
}

describe('defineEnvironment', () => {
  it('reads values with their types, and fills defaults', () => {
    const values = environment.read({ ...valid, SLOTS: '3', LOG_LEVEL: 'warn', EXIT_WITH_STDIN: 'true', TOKEN_FILE: '/a/../b', NAME: 'x' });
    expect(values).toEqual({
      BACKEND_ENDPOINT: 'localhost:7234',
      SERVICE_ADDRESS: undefined,
      SLOTS: 3,
      LOG_LEVEL: 'WARN',
      EXIT_WITH_STDIN: true,
      TOKEN_FILE: '/b',
      PASSWORD: undefined,
      NAME: 'x',
    });
    expect(environment.read(valid)).toMatchObject({ SLOTS: 10, LOG_LEVEL: 'info', EXIT_WITH_STDIN: false });
    expectTypeOf(values.SLOTS).toEqualTypeOf<number>();
    expectTypeOf(values.SERVICE_ADDRESS).toEqualTypeOf<string | undefined>();
    expectTypeOf(values.LOG_LEVEL).toEqualTypeOf<'debug' | 'info' | 'WARN'>();
    expectTypeOf(values.EXIT_WITH_STDIN).toEqualTypeOf<boolean>();
  });

  it('names a required variable that is missing or empty, with its meaning and an example', () => {
    for (const env of [{}, { BACKEND_ENDPOINT: '' }] as Record<string, string>[]) {
      const error = refusal(env);
      expect(error.code).toBe(Code.INVALID_ARGUMENT);
      expect(error.message).toBe('BACKEND_ENDPOINT is not set; it is the address of the server, for example localhost:7234');
      expect(error.violations.map(({ field }) => field)).toEqual(['BACKEND_ENDPOINT']);
    }
  });

  it.each(['http://localhost:7234', 'grpc://a:1'])('refuses %s as an address, because of the scheme', (text) => {
    expect(refusal({ BACKEND_ENDPOINT: text }).message).toContain(`BACKEND_ENDPOINT "${text}" must be host:port without a scheme`);
  });

  it.each(['localhost', ':7234', 'localhost:', 'localhost:0', 'localhost:65536', 'a b:1', '::1:7234', 'localhost:7234/'])('refuses %j as an address', (text) => {
    expect(refusal({ BACKEND_ENDPOINT: text }).message).toContain('must be host:port');
  });

  it.each(['[::1]:7234', '127.0.0.1:1', 'host.docker.internal:65535', 'temporal_1:7233'])('takes %s as an address', (text) => {
    expect(environment.read({ BACKEND_ENDPOINT: text }).BACKEND_ENDPOINT).toBe(text);
  });

  it('refuses a name that is not read and says which one is, even where that one is set too', () => {
    const alone = refusal({ BACKEND_URL: 'http://localhost:7234' });
    expect(alone.message).toBe('BACKEND_URL is set, and is not read: use BACKEND_ENDPOINT (for example BACKEND_ENDPOINT=localhost:7234)');
    expect(refusal({ ...valid, BACKEND_URL: 'x' }).message).toContain('use BACKEND_ENDPOINT');
  });

  it('reads an alias, and refuses two names that disagree, naming both', () => {
    expect(environment.read({ ...valid, HOST_PORT: 'a:1' }).SERVICE_ADDRESS).toBe('a:1');
    expect(environment.read({ ...valid, HOST_PORT: 'a:1', SERVICE_ADDRESS: 'a:1' }).SERVICE_ADDRESS).toBe('a:1');
    expect(refusal({ ...valid, HOST_PORT: 'a:1', SERVICE_ADDRESS: 'b:2' }).message).toContain('SERVICE_ADDRESS and HOST_PORT disagree (b:2 and a:1)');
    expect(refusal({ ...valid, HOST_PORT: 'http://a:1' }).message).toContain('HOST_PORT "http://a:1" must be');
  });

  it.each([
    { SLOTS: '0' },
    { SLOTS: '101' },
    { SLOTS: '1.5' },
    { SLOTS: '1e1' },
    { LOG_LEVEL: 'loud' },
    { EXIT_WITH_STDIN: 'yes' },
  ] as Record<string, string>[])('refuses %j with the rule', (env) => {
    expect(refusal({ ...valid, ...env }).message).toMatch(/must be (a whole number from 1 to 100|one of debug, info, WARN|1, true, 0 or false)/);
  });

  it('reports everything that is wrong at once', () => {
    const error = refusal({ SLOTS: 'x', LOG_LEVEL: 'loud' });
    expect(error.violations.map(({ field }) => field)).toEqual(['BACKEND_ENDPOINT', 'SLOTS', 'LOG_LEVEL']);
    expect(error.message.split('\n')).toHaveLength(3);
  });

  it('never shows the value of a secret', () => {
    expect(refusal({ ...valid, PASSWORD: 'hunter2' }).message).not.toContain('hunter2');
  });

  it('tells which names the program does not read', () => {
    expect(environment.unread(['BACKEND_URL', 'BACKEND_ENDPOINT', 'HOST_PORT', 'OTHER'])).toEqual(['BACKEND_URL', 'OTHER']);
  });
});
