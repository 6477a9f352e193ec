import { describe, expect, it } from 'vitest';
import { ExecutionPhaseSchema as AgentPhases } from './gen/ai/stigmer/agentic/agentexecution/v1/enum_pb.js';
import { ExecutionPhaseSchema as WorkflowPhases } from './gen/ai/stigmer/agentic/workflowexecution/v1/enum_pb.js';
import { isPhase, isTerminal, Phase, phaseByName, phaseName } from './phases.js';

describe('phases', () => {
  it('have the same numbers for agent and workflow executions', () => {
    const numbers = (schema: typeof AgentPhases | typeof WorkflowPhases) => schema.values.map(({ name, number }) => [name, number]);
    expect(numbers(WorkflowPhases)).toEqual(numbers(AgentPhases));
    expect(Object.values(Phase)).toEqual(AgentPhases.values.map((value) => value.number));
  });

  it('end with completed, failed and cancelled', () => {
    expect(Object.values(Phase).filter(isTerminal)).toEqual([Phase.COMPLETED, Phase.FAILED, Phase.CANCELLED]);
    expect(isTerminal(99)).toBe(false);
  });

  it('have names, by which they are found again', () => {
    const phases = Object.values(Phase).filter(isPhase);
    expect(phases.map(phaseName)).toEqual(['pending', 'in progress', 'completed', 'failed', 'cancelled']);
    expect(phases.map((phase) => phaseByName(phaseName(phase)))).toEqual(phases);
    expect(phaseByName('IN_PROGRESS')).toBe(Phase.IN_PROGRESS);
    expect([phaseByName('unspecified'), phaseName(0), phaseName(7)]).toEqual([undefined, 'unknown (0)', 'unknown (7)']);
  });
});
