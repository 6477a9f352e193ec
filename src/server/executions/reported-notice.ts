import { invalidArgument } from '../../contract/errors.js';
import type { Notice } from '../../contract/gen/stigmer/stream/v1/notice_pb.js';
import { shorten } from '../../execution/shorten.js';
import type { NoticeInit } from './standing-notices.js';

const TEXT_BYTES = 4 * 1024;
const REMEDIES = 8;

/** A runner's notice, kept to what a notice may be. INVALID_ARGUMENT when its code is no word for programs. */
export function checkReportedNotice({ code, severity, text, component, address, remedies }: Notice): NoticeInit {
  if (!/^[A-Z][A-Z0-9_]{0,63}$/.test(code)) throw invalidArgument('notice.code', 'must be an upper-case word such as MODEL_UNREACHABLE');
  return {
    code,
    severity,
    text: shorten(text, TEXT_BYTES),
    component: shorten(component, 64),
    address: shorten(address, 256),
    remedies: remedies.slice(0, REMEDIES).map((remedy) => shorten(remedy, 256)),
  };
}
