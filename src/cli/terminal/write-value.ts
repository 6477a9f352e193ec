import type { Format } from '../command.js';
import { escapeControls, hasControls, jsonText } from './json.js';
import type { Output } from './output.js';

/** Writes a result for programs. A list is one JSON array, one line per entry (ndjson), or one YAML document per entry. */
export async function writeValue(out: Output, format: Exclude<Format, 'text'>, value: unknown): Promise<void> {
  const entries: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (format === 'json') out.line(jsonText(value, 2));
  else if (format === 'ndjson') for (const entry of entries) out.line(jsonText(entry));
  else for (const [index, entry] of entries.entries()) out.write(index === 0 ? '' : '---\n', await yamlText(entry));
}

async function yamlText(value: unknown): Promise<string> {
  const { Document, Scalar, visit } = await import('yaml');
  const document = new Document(JSON.parse(JSON.stringify(value, (_key, one: unknown) => (typeof one === 'bigint' ? String(one) : one))));
  visit(document, {
    Scalar: (_key, node) => {
      if (typeof node.value === 'string' && hasControls(node.value)) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return escapeControls(document.toString({ lineWidth: 0 }));
}
