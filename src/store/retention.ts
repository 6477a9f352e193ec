import type { CompactionReport } from './ports.js';
import type { StoreSettings } from './settings.js';
import type { UpkeepOp } from './writer/protocol.js';

/** Rows that one commit takes: a few milliseconds, so that no write waits long behind it. */
const STEP = 1_000;

/** Removes what need not be kept any more, in small commits between those of others. `now` in milliseconds since 1970. */
export async function compact(
  submit: (ops: readonly UpkeepOp[]) => Promise<number>,
  settings: Pick<StoreSettings, 'eventRetentionMs' | 'changeRetentionMs'>,
  now: number,
): Promise<CompactionReport> {
  const exhaust = async (op: UpkeepOp): Promise<number> => {
    let total = 0;
    for (;;) {
      const taken = await submit([op]);
      total += taken;
      if (taken < STEP) return total;
    }
  };
  const executions = await exhaust({ op: 'drop-events', finishedBefore: now - settings.eventRetentionMs, limit: STEP });
  const appends = await exhaust({ op: 'sweep-segments', limit: STEP });
  const answers = await exhaust({ op: 'purge-answers', expiredBefore: now, limit: STEP });
  const changes = await exhaust({ op: 'purge-changes', madeBefore: now - settings.changeRetentionMs, limit: STEP });
  const pages = await exhaust({ op: 'release-pages', limit: STEP });
  return { executions, appends, answers, changes, pages };
}
