/* SPDX-License-Identifier: MIT */
/* rows.h - the length of a table. */
#ifndef ROWS_H
#define ROWS_H

#define N_ROWS(array) (sizeof(array) / sizeof((array)[0]))

#endif
