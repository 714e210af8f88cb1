// SPDX-License-Identifier: BSD-2-Clause-Patent
// Mbed TLS reduced to the two hashes of HTTP Digest authentication.
#pragma once

#define MBEDTLS_MD5_C
#define MBEDTLS_SHA256_C
#define MBEDTLS_SHA256_SMALLER
// digest.cpp gives it: the library's own calls explicit_bzero where it sees glibc's headers.
#define MBEDTLS_PLATFORM_ZEROIZE_ALT
