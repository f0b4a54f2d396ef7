/* config/providers.c - the table of providers: one that speaks OpenAI's format is one row. */
#include "config/providers.h"

#define ENV(...) { __VA_ARGS__ }
#define OPENAI_LIKE .serves = SERVES_OPENAI, .auth = AUTH_BEARER, .compatible = true

static const char *const openai_names[] = { "gpt-*", "chatgpt-*", "o1*", "o3*", "o4*", NULL };
static const char *const anthropic_names[] = { "claude-*", NULL };
static const char *const gemini_names[] = { "gemini-*", NULL };

static const struct provider providers[] = {
	{ SC("openai"), .serves = SERVES_OPENAI, .auth = AUTH_BEARER,
	  .base = SC("https://api.openai.com/v1"),
	  .base_env = ENV("OPENAI_BASE_URL", "OPENAI_API_BASE"), .key_env = ENV("OPENAI_API_KEY"),
	  .names = openai_names },
	{ SC("anthropic"), .serves = SERVES_ANTHROPIC, .auth = AUTH_X_API_KEY,
	  .base = SC("https://api.anthropic.com"), .append = SC("/v1"),
	  .base_env = ENV("ANTHROPIC_API_BASE", "ANTHROPIC_BASE_URL"),
	  .key_env = ENV("ANTHROPIC_API_KEY"), .names = anthropic_names },
	{ SC("gemini"), .serves = SERVES_GEMINI, .auth = AUTH_X_GOOG_API_KEY,
	  .base = SC("https://generativelanguage.googleapis.com"), .append = SC("/v1beta"),
	  .base_env = ENV("GEMINI_API_BASE"), .key_env = ENV("GEMINI_API_KEY", "GOOGLE_API_KEY"),
	  .names = gemini_names },
	{ SC("echo"), .serves = SERVES_ECHO, .auth = AUTH_NONE, .key_optional = true },

	/* servers in the house: the file or a variable says where */
	{ SC("hosted_vllm"), OPENAI_LIKE, .key_optional = true,
	  .base_env = ENV("HOSTED_VLLM_API_BASE"), .key_env = ENV("HOSTED_VLLM_API_KEY") },
	{ SC("vllm"), OPENAI_LIKE, .key_optional = true, .base_env = ENV("VLLM_API_BASE") },
	{ SC("ollama"), OPENAI_LIKE, .key_optional = true, .base = SC("http://localhost:11434"),
	  .append = SC("/v1"), .base_env = ENV("OLLAMA_API_BASE"),
	  .key_env = ENV("OLLAMA_API_KEY") },
	{ SC("ollama_chat"), OPENAI_LIKE, .key_optional = true,
	  .base = SC("http://localhost:11434"),
	  .append = SC("/v1"), .base_env = ENV("OLLAMA_API_BASE"),
	  .key_env = ENV("OLLAMA_API_KEY") },
	{ SC("llamafile"), OPENAI_LIKE, .key_optional = true,
	  .base = SC("http://127.0.0.1:8080/v1"),
	  .base_env = ENV("LLAMAFILE_API_BASE"), .key_env = ENV("LLAMAFILE_API_KEY") },
	{ SC("lm_studio"), OPENAI_LIKE, .key_optional = true, .base_env = ENV("LM_STUDIO_API_BASE"),
	  .key_env = ENV("LM_STUDIO_API_KEY") },
	{ SC("litellm_proxy"), OPENAI_LIKE, .key_optional = true,
	  .base_env = ENV("LITELLM_PROXY_API_BASE"), .key_env = ENV("LITELLM_PROXY_API_KEY") },
	{ SC("openai_like"), OPENAI_LIKE, .key_optional = true,
	  .base_env = ENV("OPENAI_LIKE_API_BASE"), .key_env = ENV("OPENAI_LIKE_API_KEY") },
	{ SC("custom_openai"), OPENAI_LIKE, .key_optional = true },

	/* OpenAI's format at somebody else's */
	{ SC("groq"), OPENAI_LIKE, .base = SC("https://api.groq.com/openai/v1"),
	  .base_env = ENV("GROQ_API_BASE"), .key_env = ENV("GROQ_API_KEY") },
	{ SC("mistral"), OPENAI_LIKE, .base = SC("https://api.mistral.ai/v1"),
	  .base_env = ENV("MISTRAL_API_BASE"), .key_env = ENV("MISTRAL_API_KEY") },
	{ SC("deepseek"), OPENAI_LIKE, .base = SC("https://api.deepseek.com/v1"),
	  .base_env = ENV("DEEPSEEK_API_BASE"), .key_env = ENV("DEEPSEEK_API_KEY") },
	{ SC("xai"), OPENAI_LIKE, .base = SC("https://api.x.ai/v1"),
	  .base_env = ENV("XAI_API_BASE"), .key_env = ENV("XAI_API_KEY") },
	{ SC("openrouter"), OPENAI_LIKE, .base = SC("https://openrouter.ai/api/v1"),
	  .base_env = ENV("OPENROUTER_API_BASE"), .key_env = ENV("OPENROUTER_API_KEY",
								 "OR_API_KEY") },
	{ SC("together_ai"), OPENAI_LIKE, .base = SC("https://api.together.ai/v1"),
	  .base_env = ENV("TOGETHER_AI_API_BASE"),
	  .key_env = ENV("TOGETHER_API_KEY", "TOGETHER_AI_API_KEY", "TOGETHERAI_API_KEY") },
	{ SC("fireworks_ai"), OPENAI_LIKE, .base = SC("https://api.fireworks.ai/inference/v1"),
	  .base_env = ENV("FIREWORKS_API_BASE"),
	  .key_env = ENV("FIREWORKS_API_KEY", "FIREWORKS_AI_API_KEY", "FIREWORKSAI_API_KEY") },
	{ SC("perplexity"), OPENAI_LIKE, .base = SC("https://api.perplexity.ai"),
	  .base_env = ENV("PERPLEXITY_API_BASE"), .key_env = ENV("PERPLEXITYAI_API_KEY",
								 "PERPLEXITY_API_KEY") },
	{ SC("cerebras"), OPENAI_LIKE, .base = SC("https://api.cerebras.ai/v1"),
	  .base_env = ENV("CEREBRAS_API_BASE"), .key_env = ENV("CEREBRAS_API_KEY") },
	{ SC("nvidia_nim"), OPENAI_LIKE, .base = SC("https://integrate.api.nvidia.com/v1"),
	  .base_env = ENV("NVIDIA_NIM_API_BASE"), .key_env = ENV("NVIDIA_NIM_API_KEY") },
	{ SC("sambanova"), OPENAI_LIKE, .base = SC("https://api.sambanova.ai/v1"),
	  .base_env = ENV("SAMBANOVA_API_BASE"), .key_env = ENV("SAMBANOVA_API_KEY") },
	{ SC("deepinfra"), OPENAI_LIKE, .base = SC("https://api.deepinfra.com/v1/openai"),
	  .base_env = ENV("DEEPINFRA_API_BASE"), .key_env = ENV("DEEPINFRA_API_KEY") },
};
enum { N_PROVIDERS = sizeof providers / sizeof providers[0] };

/* Known prefixes without a row: a clear answer instead of "unknown". */
static const struct str later[] = {
	SC("azure"), SC("azure_ai"), SC("azure_text"), SC("bedrock"), SC("bedrock_converse"),
		SC("sagemaker"),
	SC("sagemaker_chat"), SC("vertex_ai"), SC("vertex_ai_beta"), SC("cohere"),
	SC("cohere_chat"),
	SC("huggingface"), SC("databricks"), SC("watsonx"), SC("replicate"), SC("cloudflare"),
	SC("voyage"),
	SC("jina_ai"), SC("ai21"), SC("nlp_cloud"), SC("snowflake"), SC("github"),
	SC("github_copilot"),
	SC("text-completion-openai"), SC("text-completion-codestral"), SC("codestral"),
	SC("anyscale"),
	SC("deepgram"), SC("elevenlabs"), SC("assemblyai"), SC("triton"), SC("xinference"),
	SC("oci"),
	SC("sap"), SC("predibase"), SC("petals"), SC("baseten"), SC("clarifai"), SC("friendliai"),
	SC("galadriel"), SC("novita"), SC("nebius"), SC("hyperbolic"), SC("moonshot"),
	SC("dashscope"),
	SC("volcengine"), SC("meta_llama"), SC("vercel_ai_gateway"), SC("lambda_ai"),
	SC("featherless_ai"),
	SC("datarobot"), SC("bytez"), SC("cometapi"), SC("wandb"), SC("zai"), SC("minimax"),
	SC("custom"),
	SC("aiml"), SC("infinity"), SC("topaz"), SC("recraft"), SC("nscale"), SC("morph"), SC("v0"),
	SC("heroku"), SC("docker_model_runner"), SC("gradient_ai"), SC("oobabooga"), SC("palm"),
	SC("maritalk"), SC("aleph_alpha"), SC("runwayml"), SC("fal_ai"),
};

const struct provider *provider_at(size_t i)
{
	return i < N_PROVIDERS ? &providers[i] : NULL;
}

const struct provider *provider_find(struct str name)
{
	for (size_t i = 0; i < N_PROVIDERS; i++)
		if (str_eq(providers[i].name, name))
			return &providers[i];
	return NULL;
}

bool provider_later(struct str name)
{
	for (size_t i = 0; i < sizeof later / sizeof later[0]; i++)
		if (str_eq(later[i], name))
			return true;
	return false;
}

const struct provider *provider_guess(struct str model)
{
	static const struct {
		struct str prefix, provider;
	} families[] = {
		{ SC("gpt-"), SC("openai") }, { SC("chatgpt-"), SC("openai") }, { SC("o1"),
			SC("openai") },
		{ SC("o3"), SC("openai") }, { SC("o4"), SC("openai") }, { SC("ft:gpt-"),
			SC("openai") },
		{ SC("claude-"), SC("anthropic") }, { SC("gemini-"), SC("gemini") }, { SC("echo"),
			SC("echo") }, };

	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
		if (str_has_prefix(model, families[i].prefix))
			return provider_find(families[i].provider);
	return NULL;
}
