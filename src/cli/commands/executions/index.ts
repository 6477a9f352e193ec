import type { CommandGroup } from '../../command.js';
import { cancel } from '../cancel.js';
import { getExecution } from './get.js';
import { listCommand } from './list.js';
import { executionLogs } from './logs.js';
import { watch } from './watch.js';

export const executions: CommandGroup = {
  name: 'executions',
  summary: 'list, show, watch and cancel runs of agents and workflows',
  default: 'list',
  commands: [listCommand, getExecution, watch, cancel, executionLogs],
};
