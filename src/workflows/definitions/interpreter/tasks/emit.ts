import { uuid4 } from '@temporalio/workflow';
import { isObject, type JsonObject } from '../../../../workflow-document/json.js';
import { standardError } from '../error.js';
import type { EventEnvelope } from '../inbox.js';
import type { TaskExecutor } from '../task.js';

/** `emit`: an event, with what CloudEvents 1.0 requires filled in. Listeners of the same run hear it. The event is the output. */
export const emit: TaskExecutor = async ({ run, task, situation }) => {
  const { event } = task['emit'] as JsonObject;
  const attributes = run.expressions.template(isObject(event) ? (event['with'] ?? {}) : {}, situation);
  if (!isObject(attributes)) throw standardError('expression', 'emit.event.with is no object');
  const envelope: EventEnvelope = {
    specversion: '1.0',
    id: uuid4(),
    source: `stigmer:workflow-executions/${run.executionId}`,
    type: 'stigmer.event',
    time: new Date().toISOString(),
    data: null,
    ...attributes,
  };
  run.inbox.put(envelope);
  return { output: envelope };
};
