import { create } from '@bufbuild/protobuf';
import { type ExecutionReporter, Reporter } from '../../client/reporter.js';
import type { RpcClient } from '../../client/rpc-client.js';
import { StatusReporter } from '../../client/status-reporter.js';
import { wait } from '../../client/wait.js';
import type { Clock } from '../../contract/clock.js';
import { Code, failedPrecondition, StigmerError } from '../../contract/errors.js';
import { type AgentExecution, type AgentExecutionStatus, AgentExecutionStatusSchema } from '../../contract/gen/ai/stigmer/agentic/agentexecution/v1/api_pb.js';
import { byteLength } from '../../contract/limits.js';
import { Phase, phaseName } from '../../contract/phases.js';
import { isoNow } from '../../contract/timestamps.js';
import type { Logger } from '../log.js';
import type { AgentLoop, LoopEvent } from '../loop/agent-loop.js';
import type { Turnstile } from '../memory/turnstile.js';
import { failureSentence } from './failure-sentence.js';
import { loadAgent, type LoadedAgent } from './load-agent.js';
import { type Masker, masker } from './masking.js';
import { type NoticeInit, severity } from './model-notices.js';
import { isRunnerStopping } from './run-stop.js';
import { type RunOutcome, Transcript } from './transcript.js';
import { type RunVariables, runVariables } from './variables.js';

/** What a loop is made of, for one run. */
export interface LoopRequest {
  readonly execution: AgentExecution;
  readonly loaded: LoadedAgent;
  readonly variables: RunVariables;
  readonly threadId: string;
  readonly masker: Masker;
  readonly notice: (notice: NoticeInit) => void;
  readonly signal: AbortSignal;
}

/** A loop, and what must be done when it has come to rest. */
export interface PreparedLoop {
  readonly loop: AgentLoop;
  /** Looks at an answer that a program will read; absent where any answer will do. */
  readonly checkAnswer?: (answer: string) => { readonly json: string; readonly fault?: undefined } | { readonly fault: string };
  /** Lets go of what the loop held. Rejects when something of it could not be kept. */
  readonly close: () => Promise<void>;
}

/** What runs share. */
export interface RunContext {
  readonly client: RpcClient;
  readonly clock: Clock;
  readonly log: Logger;
  /** The lease that is held now; undefined with a server that knows none. */
  readonly leaseId: () => string | undefined;
  readonly threads: Turnstile;
  /** Secrets of the runner itself. */
  readonly secrets: readonly string[];
  readonly prepareLoop: (request: LoopRequest) => Promise<PreparedLoop>;
}

export interface RunRequest {
  readonly execution: AgentExecution;
  readonly threadId: string;
  /** Of the activity, from 1. */
  readonly attempt: number;
  /** Aborts with the reason: see run-stop. */
  readonly signal: AbortSignal;
}

/** How often an answer is asked for that fits its schema. */
const answerTries = 3;
/** How long the server is waited for at the end, until the workflow alone tells it. */
const lastWordMs = 60_000;
/** The same where someone waits for it to be over: a run that was cancelled, a runner that stops. */
const cancelledWordMs = 1_000;
/** Bytes of the last message that go by way of Temporal, whose history is readable and whose payloads are limited. */
const lastMessageBytes = 256 * 1024;

/**
 * One run of an agent: reads what it needs from the server, lets the loop work, and reports what happens. The result says how it ended:
 * a failure of the agent is a status with a sentence. Rejects only when the runner stops before the run has come to an end.
 */
export class Run {
  readonly #context: RunContext;
  readonly #request: RunRequest;
  readonly #id: string;
  readonly #reporter: ExecutionReporter;
  readonly #abort = new AbortController();
  /** Aborts for the request's reason, or because the server wants no more reports. */
  readonly #signal: AbortSignal;
  readonly #startedAt: string;
  #transcript: Transcript | undefined;
  #masker: Masker;

  constructor(context: RunContext, request: RunRequest) {
    this.#context = context;
    this.#request = request;
    this.#id = request.execution.metadata?.id ?? '';
    this.#signal = AbortSignal.any([request.signal, this.#abort.signal]);
    this.#startedAt = isoNow(context.clock);
    this.#masker = masker(context.secrets);
    this.#reporter = this.#makeReporter();
  }

  /** How much has happened so far. */
  get counts(): { readonly events: number; readonly messages: number; readonly toolCalls: number } {
    return this.#transcript?.counts ?? { events: 0, messages: 0, toolCalls: 0 };
  }

  /** Runs it. Called once. */
  async execute(): Promise<AgentExecutionStatus> {
    const { log } = this.#context;
    const about = { executionId: this.#id, attempt: this.#request.attempt };
    log.info(about, 'run started');
    try {
      const outcome = await this.#outcome();
      const { phase } = outcome;
      this.#transcript?.end(outcome);
      await this.#lastWord(phase === Phase.CANCELLED ? cancelledWordMs : lastWordMs);
      log.info({ ...about, phase: phaseName(phase), ...this.counts }, 'run ended');
      return this.#status(outcome);
    } finally {
      this.#reporter.close();
    }
  }

  async #outcome(): Promise<RunOutcome> {
    try {
      await this.#work();
      return { phase: Phase.COMPLETED, error: '' };
    } catch (error) {
      if (!this.#signal.aborted) {
        const sentence = this.#masker.text(failureSentence(error));
        this.#context.log.warn({ executionId: this.#id, reason: sentence }, 'run failed');
        return { phase: Phase.FAILED, error: sentence };
      }
      const { reason } = this.#signal as { reason: unknown };
      if (isRunnerStopping(reason)) {
        await this.#lastWord(cancelledWordMs);
        throw reason;
      }
      const refused = reason instanceof StigmerError && reason.code !== Code.CANCELLED && reason.code !== Code.FAILED_PRECONDITION && reason.code !== Code.NOT_FOUND;
      return { phase: refused ? Phase.FAILED : Phase.CANCELLED, error: failureSentence(reason) };
    }
  }

  async #work(): Promise<void> {
    const { client, clock, leaseId, prepareLoop, threads } = this.#context;
    const { execution, threadId, attempt } = this.#request;
    const signal = this.#signal;
    const loading = loadAgent(client, clock, execution, signal);
    // It is awaited when the report is open, so that there is somebody to tell.
    loading.catch(() => undefined);
    const { messageCount } = await this.#open();
    let variables: RunVariables = { values: {}, secrets: [] };
    let loaded: LoadedAgent;
    try {
      loaded = await loading;
      variables = await runVariables({ client, clock, execution, loaded, leaseId, attempt, signal });
    } finally {
      this.#begin(messageCount, variables.secrets);
    }
    const transcript = this.#transcript as Transcript;
    const notice = (told: NoticeInit): void => this.#reporter.notice(told);
    let waited = false;
    const leave = await threads.enter(threadId, signal, () => {
      waited = true;
      notice(this.#busy(loaded.sessionId));
    });
    try {
      if (waited) notice({ code: 'SESSION_BUSY', cleared: true });
      const prepared = await prepareLoop({ execution, loaded, variables, threadId, masker: this.#masker, notice, signal });
      try {
        await this.#converse(prepared, transcript);
      } finally {
        await prepared.close();
      }
    } finally {
      leave();
    }
  }

  /** Says what the user says, and asks again for an answer that does not fit its schema. */
  async #converse({ loop, checkAnswer }: PreparedLoop, transcript: Transcript): Promise<void> {
    let said = { id: this.#id, text: this.#request.execution.spec?.message ?? '' };
    for (let tries = 1; ; tries++) {
      await loop.start(said, (event: LoopEvent) => transcript.on(event), this.#signal);
      const answer = transcript.lastMessage?.content ?? '';
      const checked = checkAnswer?.(answer);
      if (checked === undefined) return;
      if (checked.fault === undefined) {
        if (checked.json !== answer) transcript.restate(checked.json);
        return;
      }
      if (tries === answerTries) throw failedPrecondition(`The agent's answer does not fit its output schema: ${checked.fault}`);
      const text = `Your answer does not fit the output schema: ${checked.fault}\nAnswer again, with JSON alone.`;
      transcript.system(text);
      said = { id: `${this.#id}-again-${tries}`, text };
    }
  }

  /** From here on everything is masked and written down, first what the user says. */
  #begin(messageCount: number, secrets: readonly string[]): void {
    const { clock } = this.#context;
    const { attempt } = this.#request;
    this.#masker = masker([...this.#context.secrets, ...secrets]);
    this.#transcript = new Transcript({ masker: this.#masker, clock, messageCount, attempt, append: (event) => this.#reporter.append(event) });
    this.#transcript.user(this.#request.execution.spec?.message ?? '');
  }

  #busy(sessionId: string): NoticeInit {
    return {
      code: 'SESSION_BUSY',
      severity: severity.info,
      text: `Another run of the session ${sessionId} is at work; this one is next.`,
      component: 'agent-runner',
      time: isoNow(this.#context.clock),
    };
  }

  async #open(): Promise<{ readonly messageCount: number }> {
    const { signal } = this.#request;
    const aborted = new Promise<never>((_resolve, reject) => {
      if (signal.aborted) reject(signal.reason);
      else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    try {
      return await Promise.race([this.#reporter.open(), aborted]);
    } catch (error) {
      this.#abort.abort(error);
      throw error;
    }
  }

  #makeReporter(): ExecutionReporter {
    const { client, clock, log, leaseId } = this.#context;
    const { execution, attempt } = this.#request;
    const executionId = this.#id;
    if (leaseId() === undefined) {
      const status = create(AgentExecutionStatusSchema, execution.status ?? {});
      return new StatusReporter({ client, clock, executionId, status, onStop: (reason) => this.#stop(reason) });
    }
    return new Reporter({
      client,
      clock,
      executionId,
      runnerId: () => leaseId() ?? '',
      attempt,
      onStop: (reason) => this.#stop(reason),
      onBreak: (error) => log.warn({ executionId, reason: error.message }, 'the report broke off; it goes on when the server is back'),
    });
  }

  /** The server wants no more of it; the reporter knows in what words. */
  #stop(reason: string): void {
    this.#reporter.flush().then(
      () => undefined,
      (error: unknown) => this.#abort.abort(StigmerError.from(error)),
    );
    this.#context.log.warn({ executionId: this.#id, reason }, 'the server wants no more of the run');
  }

  /** Waits until the server has heard everything, for as long as that makes sense. */
  async #lastWord(ms: number): Promise<void> {
    if (this.#transcript === undefined) return;
    const { clock, log } = this.#context;
    const limit = new AbortController();
    try {
      const late = wait(clock, ms, limit.signal).then(() => 'late' as const);
      const heard = await Promise.race([this.#reporter.flush().then(() => 'heard' as const), late]);
      if (heard === 'late') log.warn({ executionId: this.#id, ms }, 'the server has not heard the end of the run; the workflow tells it');
    } catch (error) {
      log.warn({ executionId: this.#id, reason: failureSentence(error) }, 'the server did not take the end of the run; the workflow tells it');
    } finally {
      limit.abort();
    }
  }

  /** What the workflow needs to know; the server has the rest. */
  #status({ phase, error }: RunOutcome): AgentExecutionStatus {
    const { clock, leaseId } = this.#context;
    const last = this.#transcript?.lastMessage;
    // A server without leases replaces its messages by those that it is given.
    const telling = leaseId() !== undefined && last !== undefined && byteLength(last.content) <= lastMessageBytes;
    return create(AgentExecutionStatusSchema, {
      phase,
      error: this.#masker.text(error),
      startedAt: this.#startedAt,
      completedAt: isoNow(clock),
      messages: telling ? [last] : [],
    });
  }
}
