import { create } from '@bufbuild/protobuf';
import { GetStatusResponseSchema, SystemService } from '../../contract/gen/stigmer/system/v1/system_pb.js';
import { Phase } from '../../contract/phases.js';
import type { Store } from '../../store/ports.js';
import { bindService, type ServiceBinding } from '../rpc.js';
import { componentStates, type ComponentStatesContext } from './component-states.js';

export interface SystemContext extends ComponentStatesContext {
  readonly store: Store;
}

export function systemServices(context: SystemContext): ServiceBinding[] {
  const count = async (phase: number): Promise<number> => (await context.store.executions.list({ phases: [phase] }, { limit: 1 })).total;
  return [
    bindService(SystemService, {
      getStatus: async () =>
        create(GetStatusResponseSchema, {
          version: context.version,
          startedAt: new Date(context.startedAt).toISOString(),
          logId: context.store.logId,
          components: componentStates(context),
          pending: await count(Phase.PENDING),
          inProgress: await count(Phase.IN_PROGRESS),
        }),
    }),
  ];
}
