import type { Format } from '../command.js';
import { jsonText } from './json.js';
import type { Output } from './output.js';

/** Writes a result for programs. A list is one JSON array, one line per entry (ndjson), or one YAML document per entry. */
export async function writeValue(out: Output, format: Exclude<Format, 'text'>, value: unknown): Promise<void> {
  const entries: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (format === 'json') out.line(jsonText(value, 2));
  else if (format === 'ndjson') for (const entry of entries) out.line(jsonText(entry));
  else {
    const { yamlText } = await import('./yaml.js');
    for (const [index, entry] of entries.entries()) out.write(index === 0 ? '' : '---\n', yamlText(entry));
  }
}
