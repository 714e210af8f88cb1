/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What lwIP (C) calls of ours; implemented in lwip_hooks.cpp. */
#ifndef KEDGE_LWIP_HOOKS_H
#define KEDGE_LWIP_HOOKS_H

#include "lwip/ip_addr.h"

#ifdef __cplusplus
extern "C" {
#endif

struct netif;

/* RFC 6528: initial sequence numbers that an off-path attacker cannot guess. */
u32_t kedge_lwip_isn(const ip_addr_t* local, u16_t local_port, const ip_addr_t* remote,
                     u16_t remote_port);
/* The interface for `destination`, or NULL. `source` may be NULL or any. */
struct netif* kedge_lwip_route(const ip4_addr_t* source, const ip4_addr_t* destination);
/* The gateway of `netif` for `destination`, or NULL when there is none. */
const ip4_addr_t* kedge_lwip_gateway(struct netif* netif, const ip4_addr_t* destination);

#ifdef __cplusplus
}
#endif
#endif
