# SPDX-License-Identifier: MIT
# Cross compile with one of Debian's toolchains, PSVM_TRIPLE (s390x-linux-gnu), and run
# what comes out under qemu-user. With PSVM_CLANG it is that clang which compiles.
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES PSVM_TRIPLE PSVM_CLANG)
string(REGEX REPLACE "-.*" "" machine ${PSVM_TRIPLE})
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${machine})
if(PSVM_CLANG)
	set(CMAKE_C_COMPILER ${PSVM_CLANG})
	set(CMAKE_C_COMPILER_TARGET ${PSVM_TRIPLE})
else()
	set(CMAKE_C_COMPILER ${PSVM_TRIPLE}-gcc)
endif()
string(REGEX REPLACE "^i.86$" "i386" machine ${machine})
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-${machine}-static -L /usr/${PSVM_TRIPLE})
