import type { JsonObject, Json } from '../../workflow-document/json.js';
import type { ProtoPayload } from '../payloads/proto-payload.js';

/** For whom an activity works, and how it knows the secrets of that run. */
export interface RunReference {
  readonly executionId: string;
  readonly org: string;
  /** Mark of the run's secret tokens; values with such tokens are completed by the activity. */
  readonly nonce: string;
  /** Unique for everything that a run does, and the same when it is tried again. */
  readonly instance: string;
}

/** An HTTP call with everything evaluated. */
export interface HttpCall {
  readonly method: string;
  readonly uri: string;
  readonly headers: JsonObject;
  readonly query: JsonObject;
  readonly body: Json | undefined;
  readonly output: 'raw' | 'content' | 'response';
  readonly redirect: boolean;
  /** As in the document, evaluated. */
  readonly authentication: JsonObject | undefined;
  readonly timeoutMs: number;
}

/** A call of an agent with everything evaluated. */
export interface AgentCall {
  readonly agent: string;
  readonly scope: string | undefined;
  readonly message: string;
  readonly env: JsonObject;
  readonly model: string | undefined;
}

/** What an interpreted workflow asks of its worker. The keys are the names of the activities. */
export interface InterpreterActivities {
  /** Tells the server of tasks: a WorkflowExecutionStatus with nothing but tasks. */
  ReportWorkflowTasks(executionId: string, status: ProtoPayload): Promise<void>;
  CallHttp(run: RunReference, call: HttpCall): Promise<Json>;
  /** One call is one agent execution, however often it is tried. Gives the agent's last answer. */
  CallAgent(run: RunReference, call: AgentCall): Promise<Json>;
}
