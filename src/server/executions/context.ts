import type { Logger } from 'pino';
import type { StreamBroker } from '../../broker/stream-broker.js';
import type { PublishedExecution } from '../../broker/execution-model.js';
import type { Clock } from '../../contract/clock.js';
import type { ExecutionEvent } from '../../contract/gen/stigmer/stream/v1/event_pb.js';
import type { Notice } from '../../contract/gen/stigmer/stream/v1/notice_pb.js';
import type { NewId } from '../../contract/ids.js';
import type { ResourceEngine } from '../resources/engine.js';
import type { LeaseRegistry } from '../runners/lease-registry.js';
import type { Store } from '../../store/ports.js';
import type { TemporalClient } from '../../workflows/client.js';
import type { ActorRegistry } from './actor-registry.js';
import type { EncodedExecutions } from './encoded-executions.js';
import type { IntentLoop } from './intent-loop.js';
import type { StandingNotices } from './standing-notices.js';
import type { ExecutionSettings } from './settings.js';

export type ExecutionBroker = StreamBroker<PublishedExecution, ExecutionEvent, Notice>;

/** What everything about executions stands on, made once by the composition root. */
export interface ExecutionsContext {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly newId: NewId;
  readonly engine: ResourceEngine;
  readonly actors: ActorRegistry;
  readonly encoded: EncodedExecutions;
  readonly broker: ExecutionBroker;
  readonly notices: StandingNotices;
  readonly leases: LeaseRegistry;
  readonly temporal: TemporalClient;
  readonly intents: IntentLoop;
  readonly settings: ExecutionSettings;
}
