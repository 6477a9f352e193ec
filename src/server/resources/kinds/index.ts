import type { KindDefinition } from '../kind.js';
import { skillVersionKind } from '../skills/versions.js';
import { agentInstanceKind } from './agent-instance.js';
import { agentKind } from './agent.js';
import { environmentKind } from './environment.js';
import { executionContextKind } from './execution-context.js';
import { mcpServerKind } from './mcp-server.js';
import { sessionKind } from './session.js';
import { skillKind } from './skill.js';
import { workflowInstanceKind } from './workflow-instance.js';
import { workflowKind } from './workflow.js';

/** Every kind that the engine serves. Executions are served by their own handlers. */
export const kindDefinitions = [
  agentKind,
  agentInstanceKind,
  sessionKind,
  environmentKind,
  executionContextKind,
  skillKind,
  skillVersionKind,
  mcpServerKind,
  workflowKind,
  workflowInstanceKind,
] as readonly KindDefinition[];
