// Addresses of the kernel's network interfaces, given and taken by rtnetlink(7). Any thread; needs
// CAP_NET_ADMIN.
#pragma once

#include "dataplane/wire/address.h"

namespace pollux::port {

// `index` is the interface's. False with errno; an address that is there, or that is gone, already
// is none.
[[nodiscard]] bool add_address(unsigned index, const wire::Ipv4Interface& own);
[[nodiscard]] bool add_address(unsigned index, const wire::Ipv6Interface& own);
[[nodiscard]] bool remove_address(unsigned index, const wire::Ipv4Interface& own);
[[nodiscard]] bool remove_address(unsigned index, const wire::Ipv6Interface& own);

}  // namespace pollux::port
