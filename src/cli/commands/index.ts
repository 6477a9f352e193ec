import type { CommandGroup } from '../command.js';
import { apply } from './apply.js';
import { cancel } from './cancel.js';
import { chat } from './chat.js';
import { completeCommand } from './complete.js';
import { completion } from './completion.js';
import { deleteCommand } from './delete.js';
import { executions } from './executions/index.js';
import { get } from './get.js';
import { list } from './list.js';
import { run } from './run.js';
import { server } from './server/index.js';
import { version } from './version.js';

/** Every command there is, in the order of the help. */
export const commands: CommandGroup = {
  name: 'stigmer',
  summary: 'Runs AI agents and workflows on your own machine: durable, streamed, and never stuck without a reason.',
  commands: [server, apply, run, chat, executions, cancel, get, list, deleteCommand, completion, version, completeCommand(() => commands)],
};
