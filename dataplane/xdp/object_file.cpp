#include "dataplane/xdp/object_file.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

namespace pollux::xdp {

namespace {

// Words of the ELF file are read where they lie. The build makes the list.
alignas(8) constexpr std::uint8_t kObject[] = {
#include <ntp_redirect.inc>
};

}  // namespace

std::span<const std::byte> object_octets() noexcept { return std::as_bytes(std::span{kObject}); }

ObjectFile::ObjectFile() : file_{memfd_create("pollux-xdp", MFD_CLOEXEC | MFD_ALLOW_SEALING)} {
  const auto octets = object_octets();
  const bool written =
      file_ &&
      write(file_.get(), octets.data(), octets.size()) == static_cast<ssize_t>(octets.size()) &&
      fcntl(file_.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK) == 0;
  if (!written) throw std::system_error(errno, std::system_category(), "a file in memory");
}

std::string ObjectFile::path() const { return "/proc/self/fd/" + std::to_string(file_.get()); }

}  // namespace pollux::xdp
