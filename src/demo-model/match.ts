import { dueTurn, lastUserMessage, newToolResults, userTurns } from './conversation.js';
import type { Conversation } from './conversation.js';
import type { Condition } from './script.js';

/** That a condition holds; `groups` is what its pattern found in the user message, or else in the tool result, empty without one. */
export interface Match {
  groups: string[];
}

/** Whether `when` holds for the turn that is due; undefined when it does not. */
export function match(when: Condition, conversation: Conversation): Match | undefined {
  const results = newToolResults(conversation);
  const { after_tool: afterTool } = when;
  if (typeof afterTool === 'boolean' && results.length > 0 !== afterTool) return undefined;
  if (typeof afterTool === 'string' && !results.some((result) => result.tool === afterTool)) return undefined;
  if (when.offers !== undefined && !conversation.tools.includes(when.offers)) return undefined;
  if (when.turn !== undefined && when.turn !== dueTurn(conversation)) return undefined;
  if (when.user_turn !== undefined && when.user_turn !== userTurns(conversation)) return undefined;
  if (when.system?.test(conversation.system) === false) return undefined;
  if (when.model?.test(conversation.model) === false) return undefined;

  const inMessage = when.message?.exec(lastUserMessage(conversation).text);
  if (inMessage === null) return undefined;
  const pattern = when.tool_result;
  const inResult = pattern && results.map((result) => pattern.exec(result.text)).find((found) => found !== null);
  if (pattern && !inResult) return undefined;
  return { groups: [...(inMessage ?? inResult ?? [])].map((group) => group ?? '') };
}
