import { invalidArgument } from '../../contract/errors.js';
import type { ModelSettings } from './model-settings.js';

/** Names that people know Anthropic's models by, where the API's own differ by more than a dot. */
const anthropicNames: Readonly<Record<string, string>> = {
  'claude-opus-4': 'claude-opus-4-0',
  'claude-sonnet-4': 'claude-sonnet-4-0',
  'claude-haiku-4': 'claude-haiku-4-5',
};

/**
 * The model of a run, by the provider's name for it: the run's own choice, else the runner's. `provider:model` is understood where the
 * provider is this runner's; INVALID_ARGUMENT where it is another.
 */
export function chooseModel(chosen: string, settings: ModelSettings): string {
  const name = withoutProvider(chosen === '' ? settings.model : chosen, settings);
  if (settings.provider !== 'anthropic') return name;
  return anthropicNames[name] ?? name.replaceAll('.', '-');
}

function withoutProvider(name: string, { provider }: ModelSettings): string {
  const match = /^(ollama|openai|anthropic):(.+)$/.exec(name);
  if (match === null) return name;
  if (match[1] !== provider) {
    throw invalidArgument(
      'execution_config.model_name',
      `${name} is a model of the provider ${match[1]}, and this runner has the provider ${provider}; choose another model, or set STIGMER_LLM_PROVIDER=${match[1]} for the runner`,
    );
  }
  return match[2] ?? name;
}
