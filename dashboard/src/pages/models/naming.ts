// How things are called: providers as people write them, the name that a model gets on the proxies, counts.

/** Provider: its own name, and what one of its model ids looks like. Others are shown as the API calls them. */
const KNOWN: Record<string, [label: string, example: string]> = {
  openai: ['OpenAI', 'gpt-4o'],
  'openai-compatible': ['OpenAI-compatible', 'my-model'],
  anthropic: ['Anthropic', 'claude-sonnet-4-5'],
  azure: ['Azure OpenAI', 'the deployment’s name'],
  azure_ai: ['Azure AI Foundry', 'mistral-large'],
  bedrock: ['Amazon Bedrock', 'eu.anthropic.claude-sonnet-4-5-v1:0'],
  sagemaker: ['Amazon SageMaker', 'the endpoint’s name'],
  gemini: ['Google Gemini', 'gemini-2.5-pro'],
  vertex_ai: ['Google Vertex AI', 'gemini-2.5-pro'],
  ollama: ['Ollama', 'llama3.1'],
  vllm: ['vLLM', 'meta-llama/Llama-3.1-8B-Instruct'],
  groq: ['Groq', 'llama-3.3-70b-versatile'],
  mistral: ['Mistral', 'mistral-large-latest'],
  openrouter: ['OpenRouter', 'openai/gpt-4o'],
  together_ai: ['Together AI', 'meta-llama/Llama-3-70b-chat-hf'],
  deepseek: ['DeepSeek', 'deepseek-chat'],
  xai: ['xAI', 'grok-4'],
  cohere: ['Cohere', 'command-r-plus'],
  fireworks_ai: ['Fireworks AI', 'accounts/fireworks/models/llama-v3p1-8b-instruct'],
  perplexity: ['Perplexity', 'sonar-pro'],
  databricks: ['Databricks', 'databricks-dbrx-instruct'],
  watsonx: ['IBM watsonx', 'ibm/granite-3-8b-instruct'],
  huggingface: ['Hugging Face', 'together/deepseek-ai/DeepSeek-R1'],
  litellm_proxy: ['Another LiteLLM proxy', 'its model’s name'],
};

export const providerLabel = (name: string) => KNOWN[name]?.[0] ?? name;
export const exampleModelId = (name: string) => KNOWN[name]?.[1] ?? '';

const UPPER = new Set(['api', 'aws', 'id', 'ad', 'url']);

/** `aws_region_name`: "AWS region name". */
export function fieldLabel(name: string): string {
  const words = name.split('_').map((word) => (UPPER.has(word) ? word.toUpperCase() : word)).join(' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What follows the provider in a model's name on the proxies; the API does the same. Empty when nothing is left. */
export const modelSlug = (name: string) =>
  name.trim().toLowerCase().replace(/[^a-z0-9._]+/g, '-').replace(/^[-._]+|[-._]+$/g, '');

export const count = (n: number, one: string, many = `${one}s`) => `${n.toLocaleString('en')} ${n === 1 ? one : many}`;

/** "a", "a and b", "a, b and c". */
export const listed = (words: string[]) => new Intl.ListFormat('en', { type: 'conjunction' }).format(words);
