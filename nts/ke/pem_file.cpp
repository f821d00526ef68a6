#include "nts/ke/pem_file.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstddef>
#include <system_error>
#include <utility>

#include "nts/ke/descriptor.h"

namespace pollux::nts {

namespace {

constexpr std::size_t kLargestFile = std::size_t{1} << 20U;

std::unexpected<std::string> fault(const std::filesystem::path& path, const std::string& what) {
  return std::unexpected{path.string() + ": " + what};
}

std::unexpected<std::string> read_fault(const std::filesystem::path& path, int error) {
  return fault(path, "cannot be read: " + std::generic_category().message(error));
}

}  // namespace

PemText::~PemText() { OPENSSL_cleanse(octets_.data(), octets_.size()); }

std::expected<PemText, std::string> read_pem_file(const std::filesystem::path& path,
                                                  Privacy privacy) {
  // O_NONBLOCK: a FIFO without a writer would keep open() for ever.
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
  if (!file) return read_fault(path, errno);
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return read_fault(path, errno);
  if (!S_ISREG(status.st_mode)) return fault(path, "is not a regular file");
  if (privacy == Privacy::kPrivate && (status.st_mode & S_IRWXO) != 0)
    return fault(path, "may be used by every user of this host: take that away with chmod o=");
  PemText text{kLargestFile + 1};  // one more, so that a file that grows meanwhile is seen
  auto& octets = text.octets();
  std::size_t filled = 0;
  while (filled < octets.size()) {
    const ssize_t count = ::read(file.get(), octets.data() + filled, octets.size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return read_fault(path, errno);
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  if (filled > kLargestFile) return fault(path, "is larger than 1 MiB");
  octets.resize(filled);
  return text;
}

}  // namespace pollux::nts
