// SPDX-License-Identifier: BSD-2-Clause-Patent
// How Kedge uses lwIP 2.2. Every option that is not lwIP's default has its reason.
#ifndef KEDGE_LWIPOPTS_H
#define KEDGE_LWIPOPTS_H

// One thread, one loop, callbacks only mark things ready: no operating system, no sockets, no
// locks.
#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0

// Memory is the firmware's heap, the same as for everything else: nothing is set aside, and leaks
// show.
#define MEM_CUSTOM_ALLOCATOR 1
#define MEM_CUSTOM_MALLOC kedge_lwip_allocate
#define MEM_CUSTOM_CALLOC kedge_lwip_allocate_zeroed
#define MEM_CUSTOM_FREE kedge_lwip_free
#define MEMP_MEM_MALLOC 1
#define MEM_ALIGNMENT 8

// The clock is a timer of the loop (lwip_timers.cpp), so that nothing ticks while nothing happens.
#define LWIP_TIMERS 1
#define LWIP_TIMERS_CUSTOM 1
// 100 ms instead of 250: a lost SYN or request is noticed sooner. The slow timer runs at twice
// that.
#define TCP_TMR_INTERVAL 100
// RFC 6298 2.1: one second until the first round-trip time is known.
#define LWIP_TCP_RTO_TIME 1000

#define LWIP_IPV4 1
#define LWIP_IPV6 0
#define LWIP_ARP 1
#define LWIP_ICMP 1
#define LWIP_UDP 1
#define LWIP_TCP 1
// Its raw.c is replaced by lwip_hooks.cpp, which looks at packets before lwIP does: for UDP sockets
// that take any port, and for IGMP, of which we need less than igmp.c has.
#define LWIP_RAW 1
#define LWIP_IGMP 0
#define LWIP_DHCP 0  // client/dhcp and client/dns are ours
#define LWIP_DNS 0

// One entry for each host on the link that we talk to; a boot client talks to few.
#define ARP_TABLE_SIZE 16
// The first packets to a host wait for its ARP answer instead of getting lost.
#define ARP_QUEUEING 1
#define ARP_QUEUE_LEN 8
// Two interfaces may both have a host of the same address.
#define ETHARP_TABLE_MATCH_NETIF 1

// NFS over UDP sends datagrams of 32 KiB and more: 23 fragments each.
#define IP_REASS_MAX_PBUFS 256
#define IP_REASS_MAXAGE 15

// A DHCP answer to an address that we do not have yet is for us if its port is. `inp`, where
// the packet came in, is ip4_input's.
#define LWIP_IP_ACCEPT_UDP_PORT(port_in_network_order) \
  kedge_lwip_accepts_udp_port(inp, port_in_network_order)

// The largest MTU of common jumbo frames; the real one is the interface's.
#define TCP_MSS 8960
#define TCP_CALCULATE_EFF_SEND_MSS 1
// 4 MiB less 64 bytes, the most that scale 6 can say: 34 ms at 1 Gbit/s, 3.4 ms at 10 Gbit/s.
#define LWIP_WND_SCALE 1
#define TCP_RCV_SCALE 6
#define TCP_WND (65535U << TCP_RCV_SCALE)
// The window normally opens with the next acknowledgement; this is for consumers that paused. It is
// a part of the connection's own window, which is 64 KiB when the peer does not scale: tcp_recved,
// the only user, has a variable of this name. A threshold above the window would leave it closed
// for ever.
#define TCP_WND_UPDATE_THRESHOLD (TCP_WND_MAX(pcb) / 4)
#define TCP_QUEUE_OOSEQ 1
#define LWIP_TCP_SACK_OUT 1
// Bytes are bounded by the window; this bounds the memory that tiny segments take.
#define TCP_OOSEQ_MAX_PBUFS 8192
// Off: we only receive in bulk, so our own round-trip times are of no interest, lwIP does not do
// PAWS, and 12 bytes of each segment are worth more.
#define LWIP_TCP_TIMESTAMPS 0
#define TCP_SND_BUF (128U * 1024)
// Only sockets read it, but lwIP's sanity check wants it below 64 KiB.
#define TCP_SNDLOWAT 16384
// In segments; the real MSS is usually 1460, and writes of odd sizes take more.
#define TCP_SND_QUEUELEN 512
// Requests are written whole: no room is kept behind them.
#define TCP_OVERSIZE 0
#define TCP_LISTEN_BACKLOG 0

// Hardware has verified most frames: netif->chksum_flags is set for each one (lwip_interface.cpp).
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1
#define LWIP_CHKSUM kedge_lwip_checksum
#define LWIP_CHKSUM_ALGORITHM 0

// Frames of the driver's memory travel as custom pbufs.
#define LWIP_SUPPORT_CUSTOM_PBUF 1

#define LWIP_RAND kedge_lwip_random
#define LWIP_HOOK_FILENAME "lwip_hooks.h"
#define LWIP_HOOK_TCP_ISN kedge_lwip_isn
#define LWIP_HOOK_IP4_ROUTE_SRC kedge_lwip_route
#define LWIP_HOOK_ETHARP_GET_GW kedge_lwip_gateway

// Two interfaces both have a DHCP client on port 68; LwipUdpSocket sees that nothing else shares a
// port.
#define SO_REUSE 1

#define LWIP_STATS 0
#define LWIP_NETIF_TX_SINGLE_PBUF 0
#define LWIP_NETIF_LOOPBACK 0
#define LWIP_HAVE_LOOPIF 0

#endif
