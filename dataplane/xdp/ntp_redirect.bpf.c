// The XDP program of an interface that Pollux shares with the kernel: hands frames that are
// Pollux's to the AF_XDP socket of their queue and passes all others on. Runs in the kernel, for
// each received frame. With empty maps, and for a queue without a socket, every frame passes.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
// These two after the kernel's own types.
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "dataplane/xdp/layout.h"

#define MOST_TAGS 2

struct {
  __uint(type, BPF_MAP_TYPE_XSKMAP);
  __uint(max_entries, kXdpMaximumQueues);
  __type(key, __u32);
  __type(value, __u32);
} xsks_map SEC(".maps");  // DPDK's driver looks for this name

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, kXdpMaximumAddresses);
  __type(key, __be32);
  __type(value, __u8);
} ipv4 SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, kXdpMaximumAddresses);
  __type(key, struct in6_addr);
  __type(value, __u8);
} ipv6 SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, kXdpMaximumPorts);
  __type(key, __be16);
  __type(value, __u8);
} ports SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, kXdpMaximumVlans);
  __type(key, __u16);
  __type(value, __u8);
} vlans SEC(".maps");

// One number: whether any address is of the kind kXdpEverything. Without one, TCP and the like cost
// no search for their address.
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u32);
} everything SEC(".maps");

struct vlan_tag {
  __be16 control;
  __be16 type;  // of what follows
};

struct arp_ipv4 {
  __u8 before[24];  // RFC 826: hardware, protocol, operation and the sender
  __be32 target;
} __attribute__((packed));

struct neighbor_message {
  __u8 type;
  __u8 before[7];
  struct in6_addr target;
};

struct frame {
  const void* next;  // what is not read yet
  const void* end;
};

// The next `size` octets, or NULL.
static __always_inline const void* take(struct frame* frame, __u64 size) {
  const void* here = frame->next;
  if (here + size > frame->end) return 0;
  frame->next = here + size;
  return here;
}

static __always_inline int kind_of(void* map, const void* address) {
  const __u8* kind = bpf_map_lookup_elem(map, address);
  return kind ? *kind : 0;
}

static __always_inline int takes_everything(void) {
  const __u32 zero = 0;
  const __u32* any = bpf_map_lookup_elem(&everything, &zero);
  return any && *any;
}

// The type of what follows Ethernet header and tags; 0 where it is for another VLAN. VLAN 0 carries
// only a priority (IEEE 802.1Q §9.6).
static __always_inline __be16 open_link(struct frame* frame) {
  const struct ethhdr* link = take(frame, sizeof *link);
  if (!link) return 0;
  __be16 type = link->h_proto;
  for (int i = 0; i < MOST_TAGS; ++i) {
    if (type != bpf_htons(ETH_P_8021Q) && type != bpf_htons(ETH_P_8021AD)) break;
    const struct vlan_tag* tag = take(frame, sizeof *tag);
    if (!tag) return 0;
    const __u16 vlan = bpf_ntohs(tag->control) & 0x0fff;
    if (vlan != 0 && !bpf_map_lookup_elem(&vlans, &vlan)) return 0;
    type = tag->type;
  }
  return type;
}

// UDP to one of the ports, with what a client or a peer asks: modes 1 and 3, and version 1's 0.
// What a server or a control program says is for a program of this host.
static __always_inline int is_request(struct frame* frame) {
  const struct udphdr* udp = take(frame, sizeof *udp);
  if (!udp || !bpf_map_lookup_elem(&ports, &udp->dest)) return 0;
  const __u8* flags = take(frame, sizeof *flags);
  if (!flags) return 0;
  const __u8 mode = *flags & 7;
  return mode == 3 || mode == 1 || mode == 0;
}

static __always_inline int is_ours_arp(struct frame* frame) {
  const struct arp_ipv4* arp = take(frame, sizeof *arp);
  if (!arp || !takes_everything()) return 0;
  const __be32 target = arp->target;
  return kind_of(&ipv4, &target) == kXdpEverything;
}

static __always_inline int is_ours_ipv4(struct frame* frame) {
  const struct iphdr* ip = take(frame, sizeof *ip);
  if (!ip) return 0;
  const int everything_too = takes_everything();
  if (ip->protocol != IPPROTO_UDP && !everything_too) return 0;
  const __be32 target = ip->daddr;
  const int kind = kind_of(&ipv4, &target);
  if (kind == 0) return 0;
  if (kind == kXdpEverything) return 1;
  // More fragments, or an offset: the kernel puts them together, and nobody answers them.
  if (ip->protocol != IPPROTO_UDP || ip->version != 4 || ip->ihl < 5 ||
      (ip->frag_off & bpf_htons(0x3fff)) != 0)
    return 0;
  // The barrier keeps the bound that the kernel's verifier has to see.
  __u64 options = ip->ihl * 4 - sizeof *ip;
  barrier_var(options);
  return take(frame, options & 0x3c) && is_request(frame);
}

// A neighbour solicitation goes to a group of many addresses; the one it asks for stands inside
// (RFC 4861 §4.3).
static __always_inline int is_solicitation_for_us(struct frame* frame) {
  const struct neighbor_message* message = take(frame, sizeof *message);
  return message && message->type == 135 && kind_of(&ipv6, &message->target) == kXdpEverything;
}

static __always_inline int is_ours_ipv6(struct frame* frame) {
  const struct ipv6hdr* ip = take(frame, sizeof *ip);
  if (!ip) return 0;
  const int everything_too = takes_everything();
  if (ip->nexthdr != IPPROTO_UDP && !everything_too) return 0;
  const int kind = kind_of(&ipv6, &ip->daddr);
  if (kind == kXdpEverything) return 1;
  if (kind == kXdpRequests)
    return ip->nexthdr == IPPROTO_UDP && ip->version == 6 && is_request(frame);
  return everything_too && ip->nexthdr == IPPROTO_ICMPV6 && is_solicitation_for_us(frame);
}

SEC("xdp")
int pollux_ntp(struct xdp_md* context) {
  struct frame frame = {.next = (const void*)(long)context->data,
                        .end = (const void*)(long)context->data_end};
  int ours = 0;
  switch (open_link(&frame)) {
    case bpf_htons(ETH_P_IP):
      ours = is_ours_ipv4(&frame);
      break;
    case bpf_htons(ETH_P_IPV6):
      ours = is_ours_ipv6(&frame);
      break;
    case bpf_htons(ETH_P_ARP):
      ours = is_ours_arp(&frame);
      break;
  }
  return ours ? bpf_redirect_map(&xsks_map, context->rx_queue_index, XDP_PASS) : XDP_PASS;
}

char license_text[] SEC("license") = "BSD";
