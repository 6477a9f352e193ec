import { Document, Scalar, visit } from 'yaml';
import { escapeControls, hasControls } from './json.js';

/** YAML that can be shown on a terminal: every control character is escaped, nothing is lost. */
export function yamlText(value: unknown): string {
  const document = new Document(JSON.parse(JSON.stringify(value, (_key, one: unknown) => (typeof one === 'bigint' ? String(one) : one))));
  visit(document, {
    Scalar: (_key, node) => {
      if (typeof node.value === 'string' && hasControls(node.value)) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return escapeControls(document.toString({ lineWidth: 0 }));
}
