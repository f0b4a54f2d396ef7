/*
 * bench/micro/source_bench.c - judging source text: Python and minified JavaScript as libraries are
 * written, with a call now and then that is looked at. Prints name, bytes, ns a text and GB/s.
 */
#include "inspect/source.h"

#include "base/buf.h"
#include "bench/micro/bench.h"

static struct arena scratch, kept, tables;
static struct lexicon *lexicon;
static enum language lang;

static const char python[] =
	"class Client%d(Base):\n"
	"    \"\"\"A client of the service. It keeps its connection open between calls.\"\"\"\n\n"
	"    def __init__(self, url, timeout=30.0, *, retries=3):\n"
	"        super().__init__()\n"
	"        self.url = url.rstrip('/') + '/v1'\n"
	"        self.headers = {'Accept': 'application/json', 'X-N': str(%d)}\n"
	"        self.session = requests.Session()  # one for all calls\n\n"
	"    def call(self, path, body=None, **params):\n"
	"        for attempt in range(self.retries + 1):\n"
	"            reply = self.session.post(f'{self.url}/{path}', json=body, params=params)\n"
	"            if reply.status_code != 503 or attempt == self.retries:\n"
	"                break\n"
	"            time.sleep(0.25 * 2 ** attempt)\n"
	"        value = os.environ.get('CLIENT_TRACE')\n"
	"        return self.decode(reply.json()['data'][0]) if not value else reply\n\n";
static const char javascript[] =
	"function r%d(e,t,n){var o=e.length,i=Object.keys(t||{}),a=[];for(var s=0;s<o;s++){if(!(s "
	"in "
	"e))continue;var u=e[s];a.push(u&&\"object\"==typeof "
	"u?n(u,i[s%%i.length]):u/2+(s<<1))}return "
	"a.length>%d?a.slice(0,n.max||10).map((function(e){return "
	"String(e).replace(/[^a-z]/gi,\"\")})"
	"):{items:a,next:null,toString:()=>`${a[0]}:${o}`}}Object.defineProperty(r%d,\"name\",{get:"
	"function(){return process.env.NODE_ENV||\"production\"}});";

static void judge(struct str text)
{
	struct findings f;
	struct caps caps = { 0 };

	arena_reset(&scratch);
	arena_reset(&kept);
	findings_init(&f, &kept);
	source_inspect(lexicon, lang, ROLE_MODULE, S(""), S("a"), text, &scratch, &f, &caps);
	BENCH_CHECK(f.n == 0);
}

static void bench(const char *name, enum language l, const char *format, size_t bytes)
{
	struct buf b;

	buf_init(&b, bytes + 8192);
	for (int i = 0; b.n < bytes; i++)
		buf_addf(&b, format, i, i, i);
	BENCH_CHECK(b.err == OK);
	lang = l;
	bench_row(name, buf_str(&b), judge);
	buf_free(&b);
}

int main(void)
{
	arena_init(&scratch, SOURCE_SCRATCH);
	arena_init(&kept, 1 << 20);
	arena_init(&tables, 1 << 20);
	lexicon = lexicon_new(&tables);
	bench("source python 8 KB", LANG_PYTHON, python, 8 << 10);
	bench("source python 1 MB", LANG_PYTHON, python, 1 << 20);
	bench("source javascript 8 KB", LANG_JAVASCRIPT, javascript, 8 << 10);
	bench("source javascript 10 MB", LANG_JAVASCRIPT, javascript, 10 << 20);
	bench("source text 1 MB", LANG_NONE, python, 1 << 20);
	return 0;
}
