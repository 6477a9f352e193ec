import { invalidArgument } from './errors.js';

/**
 * Slug of a name: lower case, spaces to hyphens, everything but ASCII letters, digits and hyphens dropped, hyphens collapsed and
 * trimmed. `My Agent` gives `my-agent`, `my_agent` gives `myagent`. The rule is the original server's, kept to the letter so that
 * existing data stays reachable. A name without ASCII letters and digits gives ''.
 */
export function slugOf(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(' ', '-')
    .replaceAll(/[^a-z0-9-]/g, '')
    .replaceAll(/-+/g, '-')
    .replaceAll(/^-|-$/g, '');
}

/** Refuses a slug that no name could give, with INVALID_ARGUMENT that names `field`. */
export function assertSlug(slug: string, field = 'metadata.slug'): void {
  const proper = slugOf(slug);
  if (slug !== '' && slug === proper) return;
  const instead = proper === '' ? '' : `; '${proper}' would do`;
  throw invalidArgument(field, `'${slug}' must be lower-case letters and digits, in groups joined by single hyphens${instead}`);
}
