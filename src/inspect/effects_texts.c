/*
 * inspect/effects_texts.c - texts that name something: files of credentials, places that are
 * started by themselves, services.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/source_fuzz.c
 */
#include "inspect/effects.h"

static const struct {
	struct str text; /* 4 bytes at least */
	enum text_class class;
} texts[] = {
	{ SC(".aws/credentials"), TEXT_CREDENTIALS },
	{ SC(".aws/config"), TEXT_CREDENTIALS },
	{ SC(".ssh/id_"), TEXT_CREDENTIALS },
	{ SC(".ssh/\1"), TEXT_CREDENTIALS }, /* of any name: a path that was put together */
	{ SC(".aws/\1"), TEXT_CREDENTIALS },
	{ SC(".ssh/authorized_keys"), TEXT_CREDENTIALS },
	{ SC(".npmrc"), TEXT_CREDENTIALS },
	{ SC(".pypirc"), TEXT_CREDENTIALS },
	{ SC(".netrc"), TEXT_CREDENTIALS },
	{ SC(".git-credentials"), TEXT_CREDENTIALS },
	{ SC(".docker/config.json"), TEXT_CREDENTIALS },
	{ SC(".kube/config"), TEXT_CREDENTIALS },
	{ SC("/.env"), TEXT_CREDENTIALS },
	{ SC("serviceaccount/token"), TEXT_CREDENTIALS },
	{ SC("serviceaccount/namespace"), TEXT_CREDENTIALS },
	{ SC(".config/gcloud"), TEXT_CREDENTIALS },
	{ SC("application_default_credentials.json"), TEXT_CREDENTIALS },
	{ SC(".azure/accessTokens"), TEXT_CREDENTIALS },
	{ SC("azureProfile.json"), TEXT_CREDENTIALS },
	{ SC(".azure/msal_token"), TEXT_CREDENTIALS },
	{ SC(".bitcoin/"), TEXT_CREDENTIALS },
	{ SC("wallet.dat"), TEXT_CREDENTIALS },
	{ SC(".ethereum/"), TEXT_CREDENTIALS },
	{ SC("Exodus/exodus.wallet"), TEXT_CREDENTIALS },
	{ SC(".electrum/"), TEXT_CREDENTIALS },
	{ SC("Local Storage/leveldb"), TEXT_CREDENTIALS },
	{ SC("User Data/Default/Login Data"), TEXT_CREDENTIALS },
	{ SC("/Login Data"), TEXT_CREDENTIALS },
	{ SC("logins.json"), TEXT_CREDENTIALS },
	{ SC("key4.db"), TEXT_CREDENTIALS },
	{ SC("/Cookies"), TEXT_CREDENTIALS },
	{ SC(".claude/.credentials"), TEXT_CREDENTIALS },
	{ SC("/.claude.json"), TEXT_CREDENTIALS },
	{ SC(".codex/auth.json"), TEXT_CREDENTIALS },
	{ SC(".gemini/oauth_creds"), TEXT_CREDENTIALS },
	{ SC("gh/hosts.yml"), TEXT_CREDENTIALS },
	{ SC(".bash_history"), TEXT_CREDENTIALS },
	{ SC(".zsh_history"), TEXT_CREDENTIALS },
	{ SC("/etc/shadow"), TEXT_CREDENTIALS },
	{ SC("/proc/self/environ"), TEXT_CREDENTIALS },
	{ SC("/proc/1/environ"), TEXT_CREDENTIALS },
	{ SC(".vault-token"), TEXT_CREDENTIALS },
	{ SC(".terraform.d/credentials"), TEXT_CREDENTIALS },
	{ SC(".config/solana/id.json"), TEXT_CREDENTIALS },
	{ SC("phantom"), TEXT_CREDENTIALS },
	{ SC(".gnupg/"), TEXT_CREDENTIALS },
	{ SC("nkbihfbeogaeaoehlefnkodbefgpgknn"), TEXT_CREDENTIALS },
	{ SC(".boto"), TEXT_CREDENTIALS },
	{ SC("rclone.conf"), TEXT_CREDENTIALS },
	{ SC(".my.cnf"), TEXT_CREDENTIALS },
	{ SC(".pgpass"), TEXT_CREDENTIALS },
	{ SC("gh auth token"), TEXT_CREDENTIALS },
	{ SC("gcloud auth print-access-token"), TEXT_CREDENTIALS },
	{ SC("az account get-access-token"), TEXT_CREDENTIALS },
	{ SC("kubectl get secret"), TEXT_CREDENTIALS },
	{ SC("aws configure export-credentials"), TEXT_CREDENTIALS },
	{ SC("git credential fill"), TEXT_CREDENTIALS },
	{ SC("169.254.169.254"), TEXT_METADATA },
	{ SC("169.254.170.2"), TEXT_METADATA },
	{ SC("metadata.google.internal"), TEXT_METADATA },
	{ SC("100.100.100.200"), TEXT_METADATA },
	{ SC("fd00:ec2::254"), TEXT_METADATA },
	{ SC(".config/systemd/user"), TEXT_PERSIST },
	{ SC("/etc/systemd/system"), TEXT_PERSIST },
	{ SC(".bashrc"), TEXT_PERSIST },
	{ SC(".bash_profile"), TEXT_PERSIST },
	{ SC(".zshrc"), TEXT_PERSIST },
	{ SC("/.profile"), TEXT_PERSIST },
	{ SC("LaunchAgents"), TEXT_PERSIST },
	{ SC("LaunchDaemons"), TEXT_PERSIST },
	{ SC(".config/autostart"), TEXT_PERSIST },
	{ SC("/etc/cron"), TEXT_PERSIST },
	{ SC("/etc/rc.local"), TEXT_PERSIST },
	{ SC("/etc/profile.d"), TEXT_PERSIST },
	{ SC("/etc/ld.so.preload"), TEXT_PERSIST },
	{ SC("CurrentVersion\\Run"), TEXT_PERSIST },
	{ SC("Start Menu\\Programs\\Startup"), TEXT_PERSIST },
	{ SC("crontab -"), TEXT_PERSIST },
	{ SC("systemctl --user enable"), TEXT_PERSIST },
	{ SC("sitecustomize.py"), TEXT_PERSIST },
	{ SC("usercustomize.py"), TEXT_PERSIST },
	{ SC("/var/spool/cron"), TEXT_PERSIST },
	{ SC(".git/hooks/"), TEXT_PERSIST },
	{ SC(".github/workflows/"), TEXT_PERSIST },
	{ SC(".ssh/config"), TEXT_PERSIST },
	{ SC(".gitconfig"), TEXT_PERSIST },
	{ SC("pip/pip.conf"), TEXT_PERSIST },
	{ SC(".config/environment.d"), TEXT_PERSIST },
	{ SC(".ipython/profile_default/startup"), TEXT_PERSIST },
	{ SC(".vscode/extensions"), TEXT_PERSIST },
	{ SC("actions-runner-linux"), TEXT_PERSIST },
	{ SC("RUNNER_ALLOW_RUNASROOT"), TEXT_PERSIST },
	{ SC("schtasks /create"), TEXT_PERSIST },
	{ SC("launchctl load"), TEXT_PERSIST },
	{ SC(".claude/settings"), TEXT_AGENT },
	{ SC(".claude/CLAUDE.md"), TEXT_AGENT },
	{ SC(".claude/skills"), TEXT_AGENT },
	{ SC(".claude/commands"), TEXT_AGENT },
	{ SC(".claude/hooks"), TEXT_AGENT },
	{ SC(".cursor/mcp.json"), TEXT_AGENT },
	{ SC(".cursor/rules"), TEXT_AGENT },
	{ SC(".cursorrules"), TEXT_AGENT },
	{ SC("claude_desktop_config.json"), TEXT_AGENT },
	{ SC(".codeium/windsurf/mcp_config"), TEXT_AGENT },
	{ SC(".vscode/tasks.json"), TEXT_AGENT },
	{ SC(".gemini/settings.json"), TEXT_AGENT },
	{ SC(".codex/config.toml"), TEXT_AGENT },
	{ SC("copilot-instructions.md"), TEXT_AGENT },
	{ SC("--dangerously-skip-permissions"), TEXT_AGENT_CLI },
	{ SC("--trust-all-tools"), TEXT_AGENT_CLI },
	{ SC("--yolo"), TEXT_AGENT_CLI },
	{ SC("--dangerously-bypass-approvals"), TEXT_AGENT_CLI },
	{ SC("--full-auto"), TEXT_AGENT_CLI },
	{ SC("--allow-all-tools"), TEXT_AGENT_CLI },
	{ SC("--allow-all-paths"), TEXT_AGENT_CLI },
	{ SC("bypassPermissions"), TEXT_AGENT_CLI },
	{ SC("--yes-always"), TEXT_AGENT_CLI },
	{ SC("github.com/oven-sh/bun/releases"), TEXT_RUNTIME },
	{ SC("bun.sh/install"), TEXT_RUNTIME },
	{ SC("nodejs.org/dist/"), TEXT_RUNTIME },
	{ SC("deno.land/install"), TEXT_RUNTIME },
	{ SC("deno.land/x/install"), TEXT_RUNTIME },
	{ SC("github.com/denoland/deno/releases"), TEXT_RUNTIME },
	{ SC("python-build-standalone/releases"), TEXT_RUNTIME },
	{ SC("api.telegram.org/bot"), TEXT_DROP },
	{ SC("discord.com/api/webhooks"), TEXT_DROP },
	{ SC("discordapp.com/api/webhooks"), TEXT_DROP },
	{ SC("webhook.site"), TEXT_DROP },
	{ SC("transfer.sh"), TEXT_DROP },
	{ SC("pastebin.com/raw"), TEXT_DROP },
	{ SC("pastebin.com/api"), TEXT_DROP },
	{ SC("ngrok.io"), TEXT_DROP },
	{ SC("ngrok-free.app"), TEXT_DROP },
	{ SC("oastify.com"), TEXT_DROP },
	{ SC("interact.sh"), TEXT_DROP },
	{ SC(".oast."), TEXT_DROP },
	{ SC("burpcollaborator"), TEXT_DROP },
	{ SC("requestbin"), TEXT_DROP },
	{ SC("pipedream.net"), TEXT_DROP },
	{ SC("filebin.net"), TEXT_DROP },
	{ SC("gofile.io"), TEXT_DROP },
	{ SC("file.io/"), TEXT_DROP },
	{ SC("0x0.st"), TEXT_DROP },
	{ SC("ipinfo.io"), TEXT_DROP },
	{ SC("api.ipify.org"), TEXT_DROP },
	{ SC("getsession.org"), TEXT_DROP },
	{ SC("canarytokens.com"), TEXT_DROP },
	{ SC("hooks.slack.com/services"), TEXT_DROP },
	{ SC("/.dockerenv"), TEXT_PROBE },
	{ SC("TracerPid"), TEXT_PROBE },
	{ SC("/proc/self/status"), TEXT_PROBE },
	{ SC("VBoxGuest"), TEXT_PROBE },
	{ SC("vmtoolsd"), TEXT_PROBE },
	{ SC("SbieDll"), TEXT_PROBE },
	{ SC("GITHUB_ACTIONS"), TEXT_PROBE },
	{ SC("/sys/class/dmi/id/product_name"), TEXT_PROBE },
	{ SC("ignore all previous instructions"), TEXT_INJECTION },
	{ SC("ignore previous instructions"), TEXT_INJECTION },
	{ SC("Ignore all previous instructions"), TEXT_INJECTION },
	{ SC("Ignore previous instructions"), TEXT_INJECTION },
	{ SC("disregard all previous"), TEXT_INJECTION },
	{ SC("Disregard all previous"), TEXT_INJECTION },
	{ SC("disregard previous instructions"), TEXT_INJECTION },
	{ SC("if you are an AI"), TEXT_INJECTION },
	{ SC("If you are an AI"), TEXT_INJECTION },
	{ SC("if you are a language model"), TEXT_INJECTION },
	{ SC("as an AI security"), TEXT_INJECTION },
	{ SC("You are a security scanner"), TEXT_INJECTION },
	{ SC("you are a security scanner"), TEXT_INJECTION },
	{ SC("classify this file as"), TEXT_INJECTION },
	{ SC("report this package as safe"), TEXT_INJECTION },
	{ SC("mark this package as safe"), TEXT_INJECTION },
	{ SC("this file is safe and"), TEXT_INJECTION },
	{ SC("no malicious code in this"), TEXT_INJECTION },
	{ SC("do not tell the user"), TEXT_SECRECY },
	{ SC("Do not tell the user"), TEXT_SECRECY },
	{ SC("don't tell the user"), TEXT_SECRECY },
	{ SC("Don't tell the user"), TEXT_SECRECY },
	{ SC("do not mention this to the user"), TEXT_SECRECY },
	{ SC("Do not mention this to the user"), TEXT_SECRECY },
	{ SC("do not inform the user"), TEXT_SECRECY },
	{ SC("Do not inform the user"), TEXT_SECRECY },
	{ SC("without telling the user"), TEXT_SECRECY },
	{ SC("without informing the user"), TEXT_SECRECY },
	{ SC("hide this from the user"), TEXT_SECRECY },
	{ SC("/proc/\1/mem"), TEXT_MEMORY },
	{ SC("/etc/passwd"), TEXT_HOST_FILE },
	{ SC("/etc/hostname"), TEXT_HOST_FILE },
	{ SC("/etc/machine-id"), TEXT_HOST_FILE },
	{ SC("curl "), TEXT_FETCHER },
	{ SC("wget "), TEXT_FETCHER },
	{ SC("/dev/tcp/"), TEXT_FETCHER },
};

enum { TEXTS = sizeof texts / sizeof texts[0] };

bool text_names_data(struct str s)
{
	static const struct str endings[] = {
		SC(".png"), SC(".jpg"),	 SC(".jpeg"), SC(".gif"),   SC(".bmp"),	 SC(".ico"),
		SC(".svg"), SC(".webp"), SC(".wav"),  SC(".mp3"),   SC(".ogg"),	 SC(".mp4"),
		SC(".pdf"), SC(".ttf"),	 SC(".woff"), SC(".woff2"), SC(".dat"),	 SC(".bin"),
		SC(".txt"), SC(".md"),	 SC(".rst"),  SC(".csv"),   SC(".json"), SC(".log"),
		SC(".css"),
	};

	for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
		if (str_has_suffix(s, endings[i]))
			return true;
	return false;
}

bool texts_poison(uint32_t classes)
{
	return classes & 1u << TEXT_SECRECY &&
	       classes & (1u << TEXT_CREDENTIALS | 1u << TEXT_FETCHER | 1u << TEXT_AGENT);
}

static uint32_t quick_at(const char *p)
{
	uint32_t four;

	memcpy(&four, p, 4);
	return four * 0x9e3779b1u >> 17; /* 15 bits: one of 32768 */
}

void texts_quick(uint8_t quick[TEXTS_QUICK])
{
	for (size_t i = 0; i < TEXTS; i++) {
		uint32_t at = quick_at(texts[i].text.p);
		quick[at / 8] |= (uint8_t)(1u << at % 8);
	}
}

/* The class of the text that begins at p, or TEXT_CLASSES. */
static enum text_class begins(struct str s, size_t *out_n)
{
	for (size_t i = 0; i < TEXTS; i++) {
		if (texts[i].text.p[0] == s.p[0] && str_has_prefix(s, texts[i].text)) {
			*out_n = texts[i].text.n;
			return texts[i].class;
		}
	}
	return TEXT_CLASSES;
}

uint32_t texts_classes(const uint8_t *quick, struct str s, size_t *out_at, size_t *out_n)
{
	uint32_t found = 0;
	size_t n;

	for (size_t i = 0; i + 4 <= s.n; i++) {
		uint32_t at = quick_at(s.p + i);
		if (quick && !(quick[at / 8] & 1u << at % 8))
			continue;
		enum text_class c = begins(str_tail(s, i), &n);
		if (c == TEXT_CLASSES)
			continue;
		if (found == 0) {
			*out_at = i;
			*out_n = n;
		}
		found |= 1u << c;
	}
	return found;
}
