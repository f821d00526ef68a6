// How many requests of a burst each NTP version sent. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/responder/counters.h"
#include "dataplane/wire/ntp_header.h"

namespace pollux::responder {

// On the stack, so that counters that others read are written once for a burst.
class VersionTally {
 public:
  // `flags` is the first octet of a request.
  void add(std::uint8_t flags) noexcept { ++requests_[wire::version_of(flags)]; }

  void flush(std::span<Count, kVersions> counters) const noexcept {
    for (std::size_t version = 1; version <= 4; ++version)
      counters[version].add(requests_[version]);
  }

 private:
  std::array<std::uint64_t, kVersions> requests_{};
};

}  // namespace pollux::responder
