import { LineCounter, parseDocument } from 'yaml';
import { Code, StigmerError } from '../../contract/errors.js';

/** Gives the text at a path of keys; undefined where there is none. */
export type ConfigReader = (...keys: readonly string[]) => string | undefined;

/** Reads a configuration's YAML. Throws INVALID_ARGUMENT with file, line and column, or with file and key. */
export function configReader(path: string, text: string): ConfigReader {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const [fault] = document.errors;
  if (fault !== undefined) {
    const { line, col } = lineCounter.linePos(fault.pos[0]);
    throw new StigmerError(Code.INVALID_ARGUMENT, `${path}:${line}:${col}: ${fault.message}`);
  }
  return (...keys) => {
    const node: unknown = document.hasIn(keys) ? document.getIn(keys) : undefined;
    if (node === undefined || node === null || node === '') return undefined;
    if (typeof node === 'string') return node;
    throw new StigmerError(Code.INVALID_ARGUMENT, `${path}: ${keys.join('.')} must be a text`);
  };
}
