/* SPDX-License-Identifier: MIT */
/* cli/progress.h - explorations that take a while. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "psvm/check.h"

#include <time.h>

/* On a terminal: how far it is, from now on; start lives as long as the request. */
void cli_show_progress(struct psvm_check_request *request, time_t *start);

/* How many threads run at once. */
unsigned long cli_processors(void);

#endif
