/* tests/sbom_sample.h - a bill of materials with all that one can have, odd bytes too. */
#ifndef TESTS_SBOM_SAMPLE_H
#define TESTS_SBOM_SAMPLE_H

#include "package/sbom.h"

static void sbom_sample(struct sbom *s)
{
	static struct package_hash litellm[] = { { SC("sha256"), { 1, 2, 3 }, 32 },
						 { SC("sha512"), { 4 }, 64 } };
	static struct package_hash bash[] = { { SC("md5"), { 9 }, 16 } };
	static const struct package packages[] = {
		{ .eco = ECO_PYPI,
		  .name = SC("litellm"),
		  .version = SC("1.82.6"),
		  .origin = ORIGIN_INDEX,
		  .url = SC("https://pypi.org/simple"),
		  .hashes_from = SC("home/.cache/pip/http-v2/a"),
		  .where = SC("lib/python3.11/site-packages/litellm-1.82.6.dist-info"),
		  .hashes = litellm,
		  .n_hashes = 2,
		  .has_contents = true,
		  .contents = { 8 },
		  .direct = true },
		{ .eco = ECO_NPM,
		  .name = SC("@types/node"),
		  .version = SC("20.1.0"),
		  .origin = ORIGIN_GIT,
		  .url = SC("git+https://github.com/o/r.git"),
		  .hashes_from = SC("home/\xff\"\n"),
		  .where = SC("a\xff\"\\\n\x1b[31m"),
		  .line = 7,
		  .dev = true,
		  .scripts = true },
		{ .eco = ECO_PYPI,
		  .name = SC("unpinned"),
		  .wanted = SC(">=1,<2"),
		  .origin = ORIGIN_URL,
		  .url = SC("https://example.com/a b") },
		{ .eco = ECO_OTHER,
		  .name = SC("deb/debian/bash"),
		  .version = SC("5.2"),
		  .hashes = bash,
		  .n_hashes = 1 },
		{ .eco = ECO_PYPI,
		  .name = SC("edited"),
		  .version = SC("1!2.0+local.1"),
		  .origin = ORIGIN_EDITABLE,
		  .url = SC("/home/u/src") },
	};
	static const struct sbom_file files[] = {
		{ .path = SC("/etc/odd\n\xc3\xa9"),
		  .hashes = { { SC("sha1"), { 5 }, 20 }, { SC("sha256"), { 6 }, 32 } },
		  .n_hashes = 2 },
		{ .path = SC("./lib/x.pth"),
		  .hashes = { { SC("sha1"), { 7 }, 20 } },
		  .n_hashes = 1 },
	};

	static const struct sbom_digest digests[] = {
		{ .what = SC("environment"), .path = SC("a\xff\"\\\n"), .sha256 = { 1 } },
		{ .what = SC("interpreter"), .path = SC("/usr/bin/python3.11"), .sha256 = { 2 } },
	};

	*s = (struct sbom){
		.tool = S("yett"),
		.tool_version = S("0.3.0"),
		.timestamp = S("2026-11-23T09:00:00Z"),
		.serial = S("3e671687-395b-41f5-a30f-a58921a69b79"),
		.subject = S("/home/u/venv"),
		.packages = packages,
		.n_packages = sizeof packages / sizeof packages[0],
		.files = files,
		.n_files = sizeof files / sizeof files[0],
		.digests = digests,
		.n_digests = 2,
	};
}

#endif
