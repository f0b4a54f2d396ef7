/*
 * codec/json_scan_any.c - the choice of scanner where there is none to make.
 * Runs in: ingress, admin, cli.
 */
#ifndef __x86_64__

#include "codec/json_scan.h"

json_scan_fn *json_scan_best(void)
{
	return json_scan_words;
}

#endif
