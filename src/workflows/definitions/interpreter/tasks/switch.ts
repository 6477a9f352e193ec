import type { JsonObject } from '../../../../workflow-document/json.js';
import type { TaskExecutor } from '../task.js';

/** `switch`: the first case whose condition holds says where the flow goes. The input is passed on. */
export const switchTask: TaskExecutor = async ({ run, task, input, situation, notes }) => {
  for (const item of task['switch'] as JsonObject[]) {
    const [name, one] = Object.entries(item)[0] as [string, JsonObject];
    if (one['when'] !== undefined && !run.expressions.holds(one['when'], situation)) continue;
    notes['case'] = name;
    return { output: input, then: typeof one['then'] === 'string' ? one['then'] : 'continue' };
  }
  return { output: input };
};
