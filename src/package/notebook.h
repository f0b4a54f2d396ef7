/*
 * package/notebook.h - Jupyter notebooks: the cells, for those who inspect source text, and
 * findings about what stands beside them. Ring 0.
 */
#ifndef PACKAGE_NOTEBOOK_H
#define PACKAGE_NOTEBOOK_H

#include "base/diag.h"
#include "inspect/finding.h"

struct notebook_cell {
	struct str source; /* its lines joined; may begin lines with '!' and '%' (IPython) */
	uint32_t line;	   /* of the notebook file, where the cell begins */
	bool code;	   /* else it is prose */
	bool hidden;	   /* its source is folded away when the notebook is shown */
};

struct notebook {
	struct str language; /* of the kernel, "python" where nothing is said */
	struct notebook_cell *cells;
	size_t n;
};

/* notebook_read gives the cells of a notebook (nbformat 3 or 4) and adds findings about secrets,
 * outputs that run in a browser, and hidden ones. Strings point into text or live in a. ERR_SYNTAX:
 * no notebook; ERR_LIMIT, ERR_NOMEM. */
MUST_USE enum err notebook_read(struct str package, struct str path, struct str text,
				struct arena *a, struct notebook *out, struct findings *f,
				struct diag *d);

#endif
