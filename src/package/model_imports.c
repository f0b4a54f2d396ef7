/*
 * package/model_imports.c - what pickles import: what numpy, torch and scikit-learn need, what runs
 * code, and the rest. Two tables; a name that stands in none is told of.
 * Input: hostile.   Runs in: checker.   Fuzz: fuzz/model_fuzz.c
 */
#include "package/model.h"

/* module, and names with a space before and behind each; "*": all; "Class": those that begin with a
 * capital, possibly behind an underscore. */
struct row {
	struct str module, names;
};

static const struct row harmless[] = {
	{ SC("builtins"), SC(" set frozenset dict list tuple int float bool str bytes bytearray "
			     "complex slice range object type NoneType Ellipsis ") },
	{ SC("collections"), SC(" OrderedDict defaultdict Counter deque ChainMap ") },
	{ SC("copyreg"), SC(" _reconstructor __newobj__ __newobj_ex__ ") },
	{ SC("_codecs"), SC(" encode ") },
	{ SC("datetime"), SC(" datetime date time timedelta timezone ") },
	{ SC("decimal"), SC(" Decimal ") },
	{ SC("fractions"), SC(" Fraction ") },
	{ SC("uuid"), SC(" UUID ") },
	{ SC("pathlib"), SC(" Path PosixPath PurePosixPath WindowsPath PureWindowsPath ") },
	{ SC("zoneinfo"), SC(" ZoneInfo ZoneInfo._unpickle ") },
	{ SC("array"), SC(" array _array_reconstructor ") },
	{ SC("argparse"), SC(" Namespace ") },
	{ SC("types"), SC(" SimpleNamespace ") },
	{ SC("numpy"), SC(" ndarray dtype float64 float32 float16 int64 int32 int16 int8 uint8 "
			  "uint16 uint32 uint64 bool_ str_ matrix core.multiarray._reconstruct ") },
	{ SC("numpy.core.multiarray"), SC(" _reconstruct scalar ") },
	{ SC("numpy._core.multiarray"), SC(" _reconstruct scalar ") },
	{ SC("numpy.core.numeric"), SC(" _frombuffer ") },
	{ SC("numpy._core.numeric"), SC(" _frombuffer ") },
	{ SC("numpy.ma.core"), SC(" MaskedArray _mareconstruct ") },
	{ SC("numpy.random"), SC(" RandomState Generator ") },
	{ SC("numpy.random._pickle"), SC(" __randomstate_ctor __generator_ctor "
					 "__bit_generator_ctor ") },
	{ SC("numpy.dtypes"), SC("Class") },
	{ SC("scipy.sparse"), SC(" csr_matrix csc_matrix coo_matrix csr_array csc_array ") },
	{ SC("scipy.sparse._csr"), SC(" csr_matrix csr_array ") },
	{ SC("scipy.sparse._csc"), SC(" csc_matrix csc_array ") },
	{ SC("scipy.sparse._coo"), SC(" coo_matrix coo_array ") },
	{ SC("scipy.sparse.csr"), SC(" csr_matrix ") },
	{ SC("scipy.sparse.csc"), SC(" csc_matrix ") },
	{ SC("torch"), SC(" FloatStorage DoubleStorage HalfStorage BFloat16Storage LongStorage "
			  "IntStorage ShortStorage CharStorage ByteStorage BoolStorage "
			  "ComplexFloatStorage ComplexDoubleStorage QInt8Storage QUInt8Storage "
			  "Size device dtype Tensor float32 float64 float16 bfloat16 int64 int32 "
			  "int16 int8 uint8 bool ") },
	{ SC("torch.storage"), SC(" UntypedStorage TypedStorage ") },
	{ SC("torch._utils"), SC(" _rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3 "
				 "_rebuild_parameter _rebuild_parameter_with_state "
				 "_rebuild_qtensor _rebuild_sparse_tensor "
				 "_rebuild_device_tensor_from_numpy ") },
	{ SC("torch._tensor"), SC(" _rebuild_from_type_v2 ") },
	{ SC("torch.nn.parameter"), SC(" Parameter Buffer ") },
	{ SC("torch.serialization"), SC(" _get_layout ") },
	{ SC("joblib.numpy_pickle"), SC(" NumpyArrayWrapper ") },
	{ SC("pandas._libs.internals"), SC(" _unpickle_block ") },
	{ SC("pandas.core.internals.managers"), SC(" BlockManager SingleBlockManager ") },
	{ SC("pandas.core.indexes.base"), SC(" Index _new_Index ") },
	{ SC("pandas.core.indexes.range"), SC(" RangeIndex ") },
	{ SC("pandas.core.frame"), SC(" DataFrame ") },
	{ SC("pandas.core.series"), SC(" Series ") },
};

/* Packages whose classes take what a pickle gives them and do no more. */
static const struct str class_packages[] = { SC("sklearn."), SC("scipy.stats.") };

static const struct row harmful[] = {
	{ SC("builtins"), SC(" eval exec execfile compile __import__ open getattr setattr delattr "
			     "globals locals vars breakpoint input apply map filter reduce "
			     "memoryview super classmethod staticmethod ") },
	{ SC("os"), SC("*") },
	{ SC("posix"), SC("*") },
	{ SC("nt"), SC("*") },
	{ SC("posixpath"), SC("*") },
	{ SC("subprocess"), SC("*") },
	{ SC("_posixsubprocess"), SC("*") },
	{ SC("commands"), SC("*") },
	{ SC("popen2"), SC("*") },
	{ SC("sys"), SC("*") },
	{ SC("shutil"), SC("*") },
	{ SC("pty"), SC("*") },
	{ SC("runpy"), SC("*") },
	{ SC("code"), SC("*") },
	{ SC("codeop"), SC("*") },
	{ SC("imp"), SC("*") },
	{ SC("importlib"), SC("*") },
	{ SC("zipimport"), SC("*") },
	{ SC("pkgutil"), SC("*") },
	{ SC("pip"), SC("*") },
	{ SC("ensurepip"), SC("*") },
	{ SC("venv"), SC("*") },
	{ SC("site"), SC("*") },
	{ SC("socket"), SC("*") },
	{ SC("_socket"), SC("*") },
	{ SC("ssl"), SC("*") },
	{ SC("http"), SC("*") },
	{ SC("urllib"), SC("*") },
	{ SC("urllib2"), SC("*") },
	{ SC("urllib3"), SC("*") },
	{ SC("requests"), SC("*") },
	{ SC("httpx"), SC("*") },
	{ SC("aiohttp"), SC("*") },
	{ SC("ftplib"), SC("*") },
	{ SC("smtplib"), SC("*") },
	{ SC("telnetlib"), SC("*") },
	{ SC("webbrowser"), SC("*") },
	{ SC("ctypes"), SC("*") },
	{ SC("_ctypes"), SC("*") },
	{ SC("cffi"), SC("*") },
	{ SC("mmap"), SC("*") },
	{ SC("multiprocessing"), SC("*") },
	{ SC("threading"), SC("*") },
	{ SC("_thread"), SC("*") },
	{ SC("asyncio"), SC("*") },
	{ SC("signal"), SC("*") },
	{ SC("timeit"), SC("*") },
	{ SC("profile"), SC("*") },
	{ SC("cProfile"), SC("*") },
	{ SC("pdb"), SC("*") },
	{ SC("bdb"), SC("*") },
	{ SC("doctest"), SC("*") },
	{ SC("unittest"), SC("*") },
	{ SC("trace"), SC("*") },
	{ SC("pydoc"), SC("*") },
	{ SC("idlelib"), SC("*") },
	{ SC("lib2to3"), SC("*") },
	{ SC("distutils"), SC("*") },
	{ SC("setuptools"), SC("*") },
	{ SC("platform"), SC("*") },
	{ SC("gc"), SC("*") },
	{ SC("inspect"), SC("*") },
	{ SC("linecache"), SC("*") },
	{ SC("fileinput"), SC("*") },
	{ SC("tempfile"), SC("*") },
	{ SC("io"), SC(" open open_code FileIO ") },
	{ SC("_io"), SC(" open open_code FileIO ") },
	{ SC("codecs"), SC(" open ") },
	{ SC("marshal"), SC("*") },
	{ SC("pickle"), SC("*") },
	{ SC("_pickle"), SC("*") },
	{ SC("cPickle"), SC("*") },
	{ SC("_compat_pickle"), SC("*") },
	{ SC("shelve"), SC("*") },
	{ SC("dbm"), SC("*") },
	{ SC("anydbm"), SC("*") },
	{ SC("thread"), SC("*") },
	{ SC("httplib"), SC("*") },
	{ SC("xmlrpc"), SC("*") },
	{ SC("imaplib"), SC("*") },
	{ SC("socketserver"), SC("*") },
	{ SC("concurrent"), SC("*") },
	{ SC("logging.config"), SC("*") },
	{ SC("logging"), SC(" FileHandler ") },
	{ SC("sysconfig"), SC("*") },
	{ SC("py_compile"), SC("*") },
	{ SC("compileall"), SC("*") },
	{ SC("modulefinder"), SC("*") },
	{ SC("rlcompleter"), SC("*") },
	{ SC("zipfile"), SC("*") },
	{ SC("tarfile"), SC("*") },
	{ SC("sqlite3"), SC("*") },
	{ SC("tkinter"), SC("*") },
	{ SC("turtle"), SC("*") },
	{ SC("test"), SC("*") },
	{ SC("_pyrepl"), SC("*") },
	{ SC("_osx_support"), SC("*") },
	{ SC("_aix_support"), SC("*") },
	{ SC("uuid"), SC(" _get_command_stdout _popen ") },
	{ SC("dill"), SC("*") },
	{ SC("types"), SC(" CodeType FunctionType LambdaType ") },
	{ SC("functools"), SC(" partial reduce partialmethod ") },
	{ SC("operator"), SC(" attrgetter methodcaller call ") },
	{ SC("_operator"), SC(" attrgetter methodcaller call ") },
	{ SC("numpy.testing"), SC("*") },
	{ SC("numpy.f2py"), SC("*") },
	{ SC("numpy.distutils"), SC("*") },
	{ SC("numpy"), SC(" load loadtxt genfromtxt fromfile save savetxt ") },
	{ SC("torch"),
	  SC(" load compile hub.load hub.load_state_dict_from_url ops.load_library ") },
	{ SC("torch.hub"), SC("*") },
	{ SC("torch.utils"), SC("*") },
	{ SC("torch.jit"), SC("*") },
	{ SC("torch._inductor"), SC("*") },
	{ SC("torch._dynamo"), SC("*") },
	{ SC("torch.distributed"), SC("*") },
	{ SC("torch.serialization"), SC(" load ") },
	{ SC("joblib"), SC(" load ") },
	{ SC("pandas"), SC(" read_pickle eval ") },
	{ SC("transformers"), SC(" pipeline AutoModel.from_pretrained ") },
	{ SC("keras"), SC(" layers.Lambda ") },
};

/* Names of Python 2, which loaders translate. */
static struct str modern(struct str module)
{
	if (str_eq(module, S("__builtin__")) || str_eq(module, S("exceptions")))
		return S("builtins");
	return str_eq(module, S("copy_reg")) ? S("copyreg") : module;
}

/* Whether name stands in the list; also "a.b" when "a" does. */
static bool listed(struct str names, struct str name)
{
	for (size_t i = 0; i + name.n + 2 <= names.n; i++)
		if (names.p[i] == ' ' && names.p[i + name.n + 1] == ' ' &&
		    str_eq((struct str){ names.p + i + 1, name.n }, name))
			return true;
	return false;
}

static bool is_class(struct str name)
{
	while (str_has_prefix(name, S("_")))
		name = str_tail(name, 1);
	if (name.n == 0 || name.p[0] < 'A' || name.p[0] > 'Z')
		return false;
	return str_chr(name, '.') == SIZE_MAX;
}

static bool row_has(const struct row *row, struct str name)
{
	if (str_eq(row->names, S("*")))
		return true;
	return str_eq(row->names, S("Class")) ? is_class(name) : listed(row->names, name);
}

/* module is row's or, for a row that takes all names, below it. */
static bool covers(const struct row *row, struct str module)
{
	if (str_eq(row->module, module))
		return true;
	return str_eq(row->names, S("*")) && str_has_prefix(module, row->module) &&
	       module.p[row->module.n] == '.';
}

/* Protocol 4 walks along dots: any object leads to the interpreter's own modules in a few steps. */
static bool walks_out(struct str name)
{
	static const struct str steps[] = { SC("__globals__"),
					    SC("__builtins__"),
					    SC("__import__"),
					    SC("__subclasses__"),
					    SC("__getattribute__"),
					    SC("__dict__"),
					    SC("__loader__"),
					    SC("os"),
					    SC("sys"),
					    SC("subprocess"),
					    SC("system"),
					    SC("popen"),
					    SC("eval"),
					    SC("exec"),
					    SC("builtins"),
					    SC("modules") };
	bool dots = str_chr(name, '.') != SIZE_MAX;

	while (dots && name.n > 0) {
		struct str step = str_cut(name, '.', &name);
		for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
			if (str_eq(step, steps[i]))
				return true;
	}
	return false;
}

enum err model_import_judge(struct str module, struct str name)
{
	struct str rest, first = str_cut(name, '.', &rest);

	module = modern(module);
	if (walks_out(name))
		return ERR_DENIED;
	for (size_t i = 0; i < sizeof harmful / sizeof harmful[0]; i++)
		if (covers(&harmful[i], module) &&
		    (row_has(&harmful[i], name) || row_has(&harmful[i], first)))
			return ERR_DENIED;
	for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++)
		if (str_eq(harmless[i].module, module) && row_has(&harmless[i], name))
			return OK;
	for (size_t i = 0; i < sizeof class_packages / sizeof class_packages[0]; i++)
		if (str_has_prefix(module, class_packages[i]) && is_class(name))
			return OK;
	return ERR_NOT_FOUND;
}
