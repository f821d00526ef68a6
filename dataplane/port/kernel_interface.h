// A network interface of this host's kernel whose wire this process is: a TAP, there as long as
// this object lives. Made and changed by the control thread; the kernel's thread reads and writes
// frames through it.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "dataplane/wire/address.h"

namespace pollux::port {

class KernelInterface {
 public:
  // Makes the interface and brings it up. An address of all zeros leaves the kernel's choice. The
  // name is free, and shorter than IFNAMSIZ. Throws std::runtime_error with a sentence.
  KernelInterface(std::string name, const wire::MacAddress& mac, unsigned mtu);
  ~KernelInterface();
  KernelInterface(const KernelInterface&) = delete;
  KernelInterface& operator=(const KernelInterface&) = delete;

  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  // Gives the interface these addresses and takes away those given earlier that are not among them;
  // what others have given it stays. Returns what went wrong, empty when nothing did.
  [[nodiscard]] std::string set_addresses(const std::vector<wire::Ipv4Interface>& ipv4,
                                          const std::vector<wire::Ipv6Interface>& ipv6);

  // Whether the interface has a link.
  void set_carrier(bool is_up) noexcept;

  // For poll(2), which finds it readable when the kernel has a frame.
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  // Gives the kernel a frame. False where it does not take it.
  [[nodiscard]] bool write(std::span<const std::byte> frame) const noexcept;
  // The length of the next frame of the kernel, 0 where there is none. A frame that does not fit is
  // cut, and has the length of `into`.
  [[nodiscard]] std::size_t read(std::span<std::byte> into) const noexcept;

 private:
  void configure(const wire::MacAddress& mac, unsigned mtu);

  std::string name_;
  int descriptor_ = -1;
  unsigned index_ = 0;
  bool has_carrier_ = true;
  std::vector<wire::Ipv4Interface> ipv4_;  // given by set_addresses()
  std::vector<wire::Ipv6Interface> ipv6_;
};

}  // namespace pollux::port
