import { describe, expect, it } from 'vitest';
import { AGENT_EXECUTION_STATUS, WORKFLOW_EXECUTION_STATUS } from '../names.js';
import { fittingStatus, isTerminalPhase, outcomeOnly, readStatus } from './execution-status.js';
import { protoPayload } from './proto-payload.js';

describe('a status in proto JSON', () => {
  it.each(['EXECUTION_COMPLETED', 'EXECUTION_FAILED', 'EXECUTION_CANCELLED', 3, 4, 5])('is final in phase %s', (phase) => {
    expect(isTerminalPhase(phase)).toBe(true);
  });

  it.each(['EXECUTION_PENDING', 'EXECUTION_IN_PROGRESS', 'EXECUTION_PHASE_UNSPECIFIED', 'SOMETHING', 0, 1, 2, 6, undefined])('is not final in phase %s', (phase) => {
    expect(isTerminalPhase(phase)).toBe(false);
  });

  it('is read from a payload of its own type only', () => {
    const status = { phase: 'EXECUTION_COMPLETED' };
    expect(readStatus(protoPayload(AGENT_EXECUTION_STATUS, status), AGENT_EXECUTION_STATUS)).toEqual(status);
    for (const other of [protoPayload(WORKFLOW_EXECUTION_STATUS, status), protoPayload(AGENT_EXECUTION_STATUS, undefined), status, null, undefined, 'x']) {
      expect(readStatus(other, AGENT_EXECUTION_STATUS)).toBeUndefined();
    }
  });

  it('keeps everything while Temporal can carry it, counted in bytes of UTF-8', () => {
    const small = { phase: 'EXECUTION_COMPLETED', messages: [{ content: 'x'.repeat(1_000_000) }] };
    expect(fittingStatus(small)).toBe(small);
    const wide = { phase: 'EXECUTION_COMPLETED', messages: [{ content: 'é'.repeat(1_050_000) }] };
    expect(fittingStatus(wide)).toEqual({ phase: 'EXECUTION_COMPLETED' });
  });

  it('has an outcome without fields that it lacks', () => {
    const outcome = outcomeOnly({ phase: 4, error: 'e', messages: [], completedAt: 't' });
    expect(Object.keys(outcome)).toEqual(['phase', 'error', 'completedAt']);
  });
});
