import { randomBytes } from 'node:crypto';
import { ApplicationFailure, Context } from '@temporalio/activity';
import type { Clock } from '../../contract/clock.js';
import { AgentExecutionSchema, AgentExecutionStatusSchema } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { Run, type RunContext } from '../run/run.js';
import { isRunnerStopping, runCancelled } from '../run/run-stop.js';
import type { ActiveRuns } from './active-runs.js';
import { messagePayload, readMessagePayload } from './payloads.js';

/** How often Temporal hears that a run goes on, whether anything happens in it or not. */
const heartbeatMs = 2_000;

/** The activities that the original's workflows call, by their names. */
export interface RunnerActivities {
  /** Runs an agent on a thread. The status that it gives says how the run ended; a failure of the agent is no error of the activity. */
  ExecuteGraphton(execution: unknown, threadId: unknown): Promise<unknown>;
  /** Name of the thread of a session. */
  EnsureThread(sessionId: unknown, agentId: unknown): Promise<string>;
  /** Sessions have no sandbox of their own here: there is nothing to clean up. */
  CleanupSandbox(sandboxId: unknown): Promise<null>;
}

export interface ActivitiesOptions {
  readonly context: RunContext;
  readonly runs: ActiveRuns;
  readonly clock: Clock;
}

export function runnerActivities({ context, runs, clock }: ActivitiesOptions): RunnerActivities {
  return {
    async ExecuteGraphton(input, thread) {
      const activity = Context.current();
      const execution = readMessagePayload(AgentExecutionSchema, input);
      const id = execution.metadata?.id ?? '';
      const threadId = typeof thread === 'string' && thread !== '' ? thread : threadOf(execution.spec?.sessionId ?? '', execution.spec?.agentId ?? '');
      const { signal, done } = runs.add(id, runCancelled('Another attempt of the run has begun.'));
      const cancelled = new AbortController();
      const onCancel = (): void => cancelled.abort(runCancelled(''));
      activity.cancellationSignal.addEventListener('abort', onCancel, { once: true });
      if (activity.cancellationSignal.aborted) onCancel();

      const run = new Run(context, { execution, threadId, attempt: activity.info.attempt, signal: AbortSignal.any([signal, cancelled.signal]) });
      let cancelBeat = (): void => undefined;
      const beat = (): void => {
        activity.heartbeat(run.counts);
        cancelBeat = clock.setTimer(heartbeatMs, beat);
      };
      beat();
      try {
        return messagePayload(AgentExecutionStatusSchema, await run.execute());
      } catch (error) {
        if (!isRunnerStopping(error)) throw error;
        throw ApplicationFailure.create({ message: (error as Error).message, type: 'RunnerStopped', cause: error as Error });
      } finally {
        cancelBeat();
        activity.cancellationSignal.removeEventListener('abort', onCancel);
        done();
      }
    },
    EnsureThread: (sessionId, agentId) => Promise.resolve(threadOf(text(sessionId), text(agentId))),
    CleanupSandbox: () => Promise.resolve(null),
  };
}

/** As the original names threads: by the session, or, without one, for this once. */
function threadOf(sessionId: string, agentId: string): string {
  return sessionId === '' ? `ephemeral-${agentId}-${randomBytes(4).toString('hex')}` : `thread-${sessionId}`;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
