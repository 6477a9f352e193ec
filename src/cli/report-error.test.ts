import { describe, expect, it } from 'vitest';
import { FakeOutput } from '../../test/support/fake-output.js';
import { UNREACHABLE } from '../client/unreachable.js';
import { Code, invalidArgument, notFound, StigmerError, unauthenticated, unavailable } from '../contract/errors.js';
import { ExitCode, exitCodeOf } from './exit-codes.js';
import { reportError } from './report-error.js';
import { usageError } from './usage-error.js';

async function reported(error: StigmerError, more: Partial<Parameters<typeof reportError>[2]> = {}): Promise<string> {
  const err = new FakeOutput();
  await reportError(err, error, { format: 'text', debug: false, ...more });
  return err.screen;
}

const unreachable = (text: string) => unavailable(`no answer from the server at 127.0.0.1:7234: ${text}`, { reason: UNREACHABLE, metadata: { endpoint: '127.0.0.1:7234' } });

describe('an error for a person', () => {
  it('says how to start a server that is not there', async () => {
    expect(await reported(unreachable('No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:7234'))).toBe(
      '✗ server not reachable at 127.0.0.1:7234: start it with `stigmer server start` (connection refused)\n',
    );
  });

  it('says where an address came from that leads nowhere', async () => {
    expect(await reported(unreachable('getaddrinfo ENOTFOUND nope'), { addressSource: 'STIGMER_SERVER_ADDR' })).toContain('(no such host; the address is from STIGMER_SERVER_ADDR)');
    expect(await reported(unreachable('the name resolver gave up'), { addressSource: 'default' })).toContain('(the name resolver gave up)');
  });

  it('names the help of the command that was typed wrong', async () => {
    expect(await reported(usageError("unknown option '--x'", 'stigmer run'))).toBe("✗ unknown option '--x'\n  → stigmer run --help\n");
  });

  it('says what to do about a token', async () => {
    expect(await reported(unauthenticated('the token is nobody’s'))).toContain('→ set STIGMER_TOKEN');
  });

  it('starts on a line of its own, and lets no text take over the terminal', async () => {
    const err = new FakeOutput({ columns: 80 });
    err.write('half a line');
    await reportError(err, notFound('Agent', 'x\u001b[2J'), { format: 'text', debug: false });
    expect(err.screen).toBe('half a line\n✗ Agent not found: x\n');
  });

  it('shows its causes when asked', async () => {
    const cause = new Error('the cause of it');
    expect(await reported(new StigmerError(Code.INTERNAL, 'broken', { cause }), { debug: true })).toContain('caused by\nError: the cause of it');
  });
});

describe('an error for a program', () => {
  it('is one line of JSON', async () => {
    expect(JSON.parse(await reported(invalidArgument('spec.message', 'must not be empty'), { format: 'json' }))).toEqual({
      error: {
        code: 'INVALID_ARGUMENT',
        message: 'spec.message: must not be empty',
        remedies: [],
        violations: [{ field: 'spec.message', description: 'must not be empty', rule: '' }],
      },
    });
  });
});

describe('exit codes', () => {
  it.each([
    [Code.INVALID_ARGUMENT, ExitCode.USAGE],
    [Code.NOT_FOUND, ExitCode.NOT_FOUND],
    [Code.UNAVAILABLE, ExitCode.UNREACHABLE],
    [Code.DEADLINE_EXCEEDED, ExitCode.UNREACHABLE],
    [Code.INTERNAL, ExitCode.FAILED],
    [Code.UNAUTHENTICATED, ExitCode.FAILED],
  ])('of %d is %d', (code, exit) => {
    expect(exitCodeOf(new StigmerError(code, 'x'))).toBe(exit);
  });
});
