#include "ptp/phc/vmclock.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <system_error>
#include <utility>

namespace pollux::phc {

namespace {

// The head of struct vmclock_abi in linux/vmclock-abi.h (Linux 6.13), which Debian 12 does not
// have. Little-endian; what follows is not used.
struct Page {
  std::uint32_t magic;
  std::uint32_t size;  // of the region with the structure
  std::uint16_t version;
  std::uint8_t counter_id;
  std::uint8_t time_type;
  std::uint32_t seq_count;  // odd while the fields below are being changed
  std::uint64_t disruption_marker;
  std::uint64_t flags;
};
static_assert(offsetof(Page, seq_count) == 12 && offsetof(Page, disruption_marker) == 16);
static_assert(std::endian::native == std::endian::little);

constexpr std::uint32_t kMagic = 0x4b4c'4356;  // "VCLK"
constexpr std::uint16_t kVersion = 1;
constexpr std::uint32_t kSmallest = 104;  // version 1 as first defined

std::string fault_of(const Page& page) {
  if (page.magic != kMagic) return "has no vmclock page";
  if (page.version != kVersion)
    return "has a vmclock page of version " + std::to_string(page.version) + ", not 1";
  if (page.size < kSmallest)
    return "has a vmclock page of " + std::to_string(page.size) + " octets, too few";
  return {};
}

std::string reason(int error_number) { return std::generic_category().message(error_number); }

}  // namespace

VmClock::VmClock(VmClock&& other) noexcept
    : page_{std::exchange(other.page_, nullptr)}, length_{other.length_} {}

VmClock& VmClock::operator=(VmClock&& other) noexcept {
  std::swap(page_, other.page_);
  std::swap(length_, other.length_);
  return *this;
}

VmClock::~VmClock() {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): munmap takes what mmap gave
  if (page_ != nullptr) munmap(const_cast<void*>(page_), length_);
}

std::expected<VmClock, std::string> VmClock::open(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (descriptor < 0) {
    if (errno == ENOENT || errno == ENODEV || errno == ENXIO) return VmClock{};
    return std::unexpected{path + ": " + reason(errno)};
  }
  struct stat status{};
  auto result = fstat(descriptor, &status) == 0 && S_ISCHR(status.st_mode)
                    ? map(descriptor, path)
                    : std::unexpected{path + " is not a character device"};
  close(descriptor);
  return result;
}

std::expected<VmClock, std::string> VmClock::map(int descriptor, const std::string& name) {
  const auto length = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  void* const mapped = mmap(nullptr, length, PROT_READ, MAP_SHARED, descriptor, 0);
  if (mapped == MAP_FAILED) return std::unexpected{name + ": " + reason(errno)};
  VmClock result{mapped, length};
  Page page{};
  std::memcpy(&page, mapped, sizeof page);
  if (const auto fault = fault_of(page); !fault.empty()) return std::unexpected{name + ' ' + fault};
  return result;
}

std::optional<std::uint64_t> VmClock::disruption_marker() const noexcept {
  constexpr int kTries = 100;
  if (page_ == nullptr) return std::nullopt;
  const auto* const page = static_cast<const Page*>(page_);
  for (int i = 0; i < kTries; ++i) {
    const auto before = __atomic_load_n(&page->seq_count, __ATOMIC_ACQUIRE);
    const auto marker = __atomic_load_n(&page->disruption_marker, __ATOMIC_RELAXED);
    std::atomic_thread_fence(std::memory_order_acquire);
    const auto after = __atomic_load_n(&page->seq_count, __ATOMIC_RELAXED);
    if (before == after && before % 2 == 0) return marker;
  }
  return std::nullopt;
}

}  // namespace pollux::phc
