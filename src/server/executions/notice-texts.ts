import { Notice_Severity as Severity } from '../../contract/gen/stigmer/stream/v1/notice_pb.js';
import type { LostLease } from '../runners/lease-registry.js';
import type { NoticeInit } from './standing-notices.js';

/** Codes of the notices that the server itself gives. */
export const NoticeCode = {
  NO_RUNNER: 'NO_RUNNER',
  NO_WORKFLOW_RUNNER: 'NO_WORKFLOW_RUNNER',
  RUNNER_LOST: 'RUNNER_LOST',
  SLOTS_BUSY: 'SLOTS_BUSY',
  TEMPORAL_DOWN: 'TEMPORAL_DOWN',
  TEMPORAL_SLOW: 'TEMPORAL_SLOW',
  WORKER_DOWN: 'WORKER_DOWN',
} as const;

interface Temporal {
  readonly temporal: { readonly address: string };
}

function remedies(component: string): string[] {
  return [`stigmer server start --only ${component}`, `stigmer server logs -c ${component}`];
}

export function temporalDown({ temporal }: Temporal, reason: unknown): NoticeInit {
  return {
    code: NoticeCode.TEMPORAL_DOWN,
    severity: Severity.ERROR,
    text: `Temporal at ${temporal.address} does not answer (${textOf(reason)}). The run goes on when it is back.`,
    component: 'temporal',
    address: temporal.address,
    remedies: remedies('temporal'),
  };
}

export function temporalSlow({ temporal }: Temporal, reason: unknown): NoticeInit {
  return {
    code: NoticeCode.TEMPORAL_SLOW,
    severity: Severity.WARNING,
    text: `Temporal at ${temporal.address} did not answer in time whether it has started the run (${textOf(reason)}). It is asked again until it does.`,
    component: 'temporal',
    address: temporal.address,
    remedies: ['stigmer server logs -c temporal'],
  };
}

export function workerDown(last: LostLease | undefined): NoticeInit {
  return {
    code: NoticeCode.WORKER_DOWN,
    severity: Severity.ERROR,
    text: `The workflow worker is not connected${lastSeen(last)}. Runs wait until it is back.`,
    component: 'worker',
    remedies: remedies('worker'),
  };
}

export function noRunner(component: 'agent-runner' | 'workflow-runner', queue: string, last: LostLease | undefined): NoticeInit {
  return {
    code: component === 'agent-runner' ? NoticeCode.NO_RUNNER : NoticeCode.NO_WORKFLOW_RUNNER,
    severity: Severity.WARNING,
    text: `Nothing is polling the queue ${queue}: no ${component} is connected${lastSeen(last)}. The run starts when one comes.`,
    component,
    ...addressOf(last),
    remedies: remedies(component),
  };
}

export function runnerLost(lost: LostLease): NoticeInit {
  const { name, component } = lost.lease.introduction;
  return {
    code: NoticeCode.RUNNER_LOST,
    severity: Severity.ERROR,
    text: `${name}, which works on this run, has gone${lastSeen(lost)}. If it does not come back, the run fails or goes on elsewhere once Temporal misses its heartbeat.`,
    component,
    ...addressOf(lost),
    remedies: remedies(component),
  };
}

export function slotsBusy(runners: number, slots: number, ahead: number | undefined): NoticeInit {
  const place = ahead === undefined ? '' : `, ${ahead} ahead in line`;
  return {
    code: NoticeCode.SLOTS_BUSY,
    severity: Severity.INFO,
    text: `All ${slots} slots of ${runners} ${runners === 1 ? 'runner' : 'runners'} are busy${place}. The run starts when one is free.`,
    component: 'agent-runner',
    remedies: ['stigmer server start --runners N'],
  };
}

function addressOf(last: LostLease | undefined): { address?: string } {
  const endpoint = last?.lease.introduction.endpoint ?? '';
  return endpoint === '' ? {} : { address: endpoint };
}

/** The time, not how long ago it was: a notice stands, and its words must stay true. */
function lastSeen(last: LostLease | undefined): string {
  if (last === undefined) return '';
  const at = new Date(last.at).toISOString().slice(0, 19).replace('T', ' ');
  return ` (last seen at ${at} UTC: ${last.reason.replace(/\.$/, '')})`;
}

function textOf(reason: unknown): string {
  return (reason instanceof Error ? reason.message : String(reason)).replace(/\.$/, '');
}
