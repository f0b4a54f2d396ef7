/*
 * package/model.h - files that hold data or models and may hold code: pickles, torch archives,
 * safetensors, GGUF, numpy arrays. Ring 0.
 */
#ifndef PACKAGE_MODEL_H
#define PACKAGE_MODEL_H

#include "inspect/finding.h"

enum model {
	MODEL_NONE,
	MODEL_PICKLE,
	MODEL_TORCH, /* a zip: its members that end in ".pkl" are pickles */
	MODEL_SAFETENSORS,
	MODEL_GGUF,
	MODEL_NUMPY, /* .npy: a pickle when it holds objects */
	MODEL_PTH, /* .pth in text: mostly lines of a startup hook, but torch loads pickles in text
		    */
};

/* model_kind tells by name and first bytes (16 are enough) what a file is. */
enum model model_kind(struct str file_name, struct str head);

/* model_inspect adds findings of RULES_MANIFEST about one file of the kind. text may be a mapping
 * of any size: only headers and opcodes are read. For MODEL_TORCH call it with MODEL_PICKLE for
 * each of its pickles; the archive itself is only named. */
void model_inspect(enum model kind, struct str package, struct str path, struct str text,
		   struct arena *scratch, struct findings *f);

/* model_import_judge tells what a pickle may do that imports module.name: OK when it is on the list
 * of harmless ones, ERR_DENIED when it runs code or commands, ERR_NOT_FOUND for all others. */
enum err model_import_judge(struct str module, struct str name);

#endif
