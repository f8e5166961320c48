/* SPDX-License-Identifier: MIT */
/* psvm/version.h - the version of psvm; CMakeLists.txt reads it from here. */
#ifndef PSVM_VERSION_H
#define PSVM_VERSION_H

#define PSVM_VERSION_MAJOR 0
#define PSVM_VERSION_MINOR 1
#define PSVM_VERSION_PATCH 0
#define PSVM_VERSION	   "0.1.0"

#endif
