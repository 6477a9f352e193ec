import type { Continuation, InterpreterInput } from './definitions/interpreter/interpreter-input.js';

/**
 * How a run is driven: the second, optional argument of both workflows, as plain JSON. The original's workflows have one argument;
 * what is not given here has the default that is told. Times in milliseconds.
 */
export interface RunOptions {
  /** Thread of the conversation that the agent goes on with. Default `thread-<session id>`. */
  readonly threadId?: string;
  /** How long a run waits for a runner. Default 24 h. */
  readonly scheduleToStartMs?: number;
  /** How long a runner may take for it. Default 2 h. */
  readonly startToCloseMs?: number;
  /** Without a sign of life for so long, the runner counts as lost. Default for agents 2 min; for workflows none, their runner gives no sign. */
  readonly heartbeatMs?: number;
  /** How many runners may be lost before the run fails. Default 1: no second try. */
  readonly attempts?: number;
  /** How long a cancelled run waits for its runner's last word. Default 4 s. */
  readonly cancelGraceMs?: number;
  /** Of a workflow: what our interpreter carries out. Without it the run is left to a workflow-runner. */
  readonly interpreter?: InterpreterInput;
  /** What a run that is continued as new goes on from. Set by the workflow itself. */
  readonly continuation?: Continuation;
}
