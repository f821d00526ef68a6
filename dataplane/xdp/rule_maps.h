// What the XDP program hands to Pollux, as plain values, and the maps of a loaded program that are
// made to say so. Control thread; the maps are the kernel's, read there for each frame.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <map>
#include <string>
#include <vector>

#include "dataplane/wire/address.h"
#include "dataplane/xdp/loaded_program.h"

namespace pollux::xdp {

// An address of ours. With `everything` all frames to it are Pollux's, and ARP and neighbour
// discovery for it: the kernel does not have this address. Without, only NTP requests are.
template <typename Address>
struct Own {
  Address address;
  bool everything = false;

  friend bool operator==(const Own&, const Own&) = default;
};

struct Rules {
  std::vector<std::uint16_t> ports;  // UDP
  std::vector<std::uint16_t> vlans;  // besides untagged and priority-tagged frames
  std::vector<Own<wire::Ipv4Address>> ipv4;
  std::vector<Own<wire::Ipv6Address>> ipv6;

  friend bool operator==(const Rules&, const Rules&) = default;
};

class RuleMaps {
 public:
  // The maps of `program`, which outlives this, are empty.
  explicit RuleMaps(const LoadedProgram& program) noexcept : program_{&program} {}

  // Additions first, then removals, so that what is in both is never missing. On error a sentence;
  // the maps are then between the old rules and the new ones, and another call may mend them.
  [[nodiscard]] std::expected<void, std::string> set(const Rules& rules);

 private:
  // Octets of a map's key, with the value.
  template <std::size_t Size>
  using Entries = std::map<std::array<std::uint8_t, Size>, std::uint8_t>;
  struct Content {
    Entries<2> ports, vlans;
    Entries<4> ipv4;
    Entries<16> ipv6;
    bool everything = false;
  };

  [[nodiscard]] static Content content_of(const Rules& rules);
  template <std::size_t Size>
  [[nodiscard]] int add(const char* map, const Entries<Size>& wanted, Entries<Size>& present);
  template <std::size_t Size>
  [[nodiscard]] int remove(const char* map, const Entries<Size>& wanted, Entries<Size>& present);
  [[nodiscard]] int set_everything(bool everything);

  const LoadedProgram* program_;
  Content present_;
};

}  // namespace pollux::xdp
