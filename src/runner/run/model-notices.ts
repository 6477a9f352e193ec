import type { MessageInitShape } from '@bufbuild/protobuf';
import { type Notice_Severity, type NoticeSchema } from '../../contract/gen/stigmer/stream/v1/notice_pb.js';
import type { Clock } from '../../contract/clock.js';
import { isoNow } from '../../contract/timestamps.js';
import type { ModelListener, ModelTrouble } from '../model/model-fetch.js';
import type { Masker } from './masking.js';

export type NoticeInit = MessageInitShape<typeof NoticeSchema>;

/** Numbers of Notice.Severity. */
export const severity = { info: 1, warning: 2, error: 3 } as const satisfies Record<string, Notice_Severity>;

export interface ModelNoticesOptions {
  readonly tell: (notice: NoticeInit) => void;
  readonly masker: Masker;
  readonly clock: Clock;
  /** Address of the model provider. */
  readonly address: string;
}

/** Tells watchers why the model does not answer, and takes it back when it does. */
export function modelNotices({ tell, masker, clock, address }: ModelNoticesOptions): ModelListener {
  let told: ModelTrouble['code'] | undefined;
  const clear = (): void => {
    if (told !== undefined) tell({ code: told, cleared: true, component: 'model-provider', address, time: isoNow(clock) });
    told = undefined;
  };
  return {
    trouble({ code, text, retryInMs }) {
      if (told !== code) clear();
      told = code;
      tell({
        code,
        severity: code === 'MODEL_WAITING' ? severity.info : severity.warning,
        text: masker.text(retryInMs === undefined ? text : `${text} ${nextTry(retryInMs)}`),
        component: 'model-provider',
        address,
        time: isoNow(clock),
      });
    },
    answering: clear,
    failed: clear,
  };
}

function nextTry(ms: number): string {
  return ms < 1_000 ? 'Trying again.' : `Trying again in ${Math.round(ms / 1000)} s.`;
}
