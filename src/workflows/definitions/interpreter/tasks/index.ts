import type { TaskKind } from '../../../../workflow-document/document.js';
import type { TaskExecutor } from '../task.js';
import { call } from './call.js';
import { doTask } from './do.js';
import { emit } from './emit.js';
import { forTask } from './for.js';
import { fork } from './fork.js';
import { listen } from './listen.js';
import { raise } from './raise.js';
import { runProcess } from './run-process.js';
import { set } from './set.js';
import { switchTask } from './switch.js';
import { tryTask } from './try.js';
import { wait } from './wait.js';

/** Who carries out which kind of task. */
export const EXECUTORS: Readonly<Record<TaskKind, TaskExecutor>> = {
  call,
  do: doTask,
  emit,
  for: forTask,
  fork,
  listen,
  raise,
  run: runProcess,
  set,
  switch: switchTask,
  try: tryTask,
  wait,
};
