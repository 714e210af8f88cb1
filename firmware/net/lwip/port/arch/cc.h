/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* lwIP's idea of compiler and platform. */
#ifndef KEDGE_LWIP_CC_H
#define KEDGE_LWIP_CC_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h> /* ssize_t */

#define LWIP_NO_INTTYPES_H 1
#define LWIP_NO_UNISTD_H 1
#define LWIP_NO_CTYPE_H 1
/* Defined: lwIP would make its own ssize_t otherwise. */
#ifndef SSIZE_MAX
#define SSIZE_MAX INTPTR_MAX
#endif

/* Only debug output uses these, and there is none. */
#define X8_F "02x"
#define U16_F "u"
#define S16_F "d"
#define X16_F "x"
#define U32_F "u"
#define S32_F "d"
#define X32_F "x"
#define SZT_F "zu"

#ifdef __cplusplus
extern "C" {
#endif

void* kedge_lwip_allocate(size_t bytes);
void* kedge_lwip_allocate_zeroed(size_t count, size_t bytes);
void kedge_lwip_free(void* block);
uint32_t kedge_lwip_random(void);
uint16_t kedge_lwip_checksum(const void* data, int length);
struct netif;
int kedge_lwip_accepts_udp_port(const struct netif* input, uint16_t port_in_network_order);
__attribute__((noreturn, cold)) void kedge_lwip_assert_failed(const char* file, int line);

#ifdef __cplusplus
}
#endif

#define LWIP_PLATFORM_DIAG(x) ((void)0)
/* Without the message: place and line tell who reads lwIP's sources more, and the texts are a
   hundredth of an option ROM. The name alone: paths are the builder's. */
#define LWIP_PLATFORM_ASSERT(message) kedge_lwip_assert_failed(__FILE_NAME__, __LINE__)

#endif
