import type { PublishedExecution } from '../../broker/execution-model.js';
import type { StreamSource } from '../../broker/types.js';
import type { Notice } from '../../contract/gen/stigmer/stream/v1/notice_pb.js';
import type { Store } from '../../store/ports.js';
import { envelopeOf } from './execution-message.js';
import { loadExecution } from './load-execution.js';
import type { StandingNotices } from './standing-notices.js';

/** Where the broker takes executions from when somebody begins to watch. */
export function streamSource(store: Store, notices: () => StandingNotices): StreamSource<PublishedExecution, Notice> {
  return {
    async load(id) {
      const loaded = await loadExecution(store.executions, id);
      if (loaded === undefined) return undefined;
      const { stored, revision, projection } = loaded;
      return { revision, state: { projection, ...envelopeOf(stored.row) }, notices: notices().of(id) };
    },
    read: (id, after, limit) => store.executions.read(id, after, limit),
  };
}
