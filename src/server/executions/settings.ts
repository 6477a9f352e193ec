/** What an operator may set about executions. Times in milliseconds. */
export interface ExecutionSettings {
  /** Queues that the runners of both kinds poll. */
  readonly agentRunnerQueue: string;
  readonly workflowRunnerQueue: string;
  /** How long a run waits for a runner before it fails. */
  readonly scheduleToStartMs: number;
  /** How long a runner may take for it. */
  readonly startToCloseMs: number;
  /** How long a runner with a lease may be silent towards Temporal before it counts as lost. */
  readonly leasedHeartbeatMs: number;
  /** The same for a runner without: the original's gives signs of life only while its model speaks. */
  readonly unleasedHeartbeatMs: number;
  /** How long a cancelled run's runner has for its last word. */
  readonly cancelGraceMs: number;
  /** How long a run may be over for Temporal before the server takes the word of its end for lost. */
  readonly endGraceMs: number;
  /** How often executions that have not ended are compared with their workflows. */
  readonly reconcileMs: number;
}

export const defaultExecutionSettings: ExecutionSettings = {
  agentRunnerQueue: 'agent_execution_runner',
  workflowRunnerQueue: 'workflow_execution_runner',
  scheduleToStartMs: 24 * 60 * 60 * 1000,
  startToCloseMs: 2 * 60 * 60 * 1000,
  leasedHeartbeatMs: 30_000,
  unleasedHeartbeatMs: 120_000,
  cancelGraceMs: 4_000,
  endGraceMs: 10_000,
  reconcileMs: 5_000,
};
