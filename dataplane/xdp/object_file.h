// The compiled XDP program: octets of an ELF file that are part of this program, and a file of them
// in memory for those that want a path. Control thread; the file lives as long as its owner.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "dataplane/xdp/descriptor.h"

namespace pollux::xdp {

[[nodiscard]] std::span<const std::byte> object_octets() noexcept;

class ObjectFile {
 public:
  ObjectFile();  // throws std::system_error

  // Valid in this process only.
  [[nodiscard]] std::string path() const;

 private:
  Descriptor file_;
};

}  // namespace pollux::xdp
