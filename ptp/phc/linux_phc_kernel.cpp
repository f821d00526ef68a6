// The back end of PhcKernel that asks Linux.
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "ptp/phc/counter.h"
#include "ptp/phc/phc_kernel.h"

namespace pollux::phc {

namespace {

// 0 or errno. A signal that interrupts is no reason to give up, and no driver here restarts work.
int call(int descriptor, unsigned long request, void* argument) noexcept {
  int result = 0;
  do {
    result = ioctl(descriptor, request, argument);
  } while (result < 0 && errno == EINTR);
  return result < 0 ? errno : 0;
}

// One socket that is closed with its owner, for the ethtool interface.
class EthtoolSocket {
 public:
  EthtoolSocket() noexcept : descriptor_{socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)} {}
  ~EthtoolSocket() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  EthtoolSocket(const EthtoolSocket&) = delete;
  EthtoolSocket& operator=(const EthtoolSocket&) = delete;

  [[nodiscard]] int ask(const std::string& interface, void* command) const noexcept {
    ifreq request{};
    if (interface.empty() || interface.size() >= sizeof request.ifr_name) return ENODEV;
    std::ranges::copy(interface, request.ifr_name);
    request.ifr_data = static_cast<char*>(command);
    return descriptor_ < 0 ? EBADF : call(descriptor_, SIOCETHTOOL, &request);
  }

 private:
  int descriptor_;
};

// An ethtool command that ends with an array, in memory that is aligned for it.
class Command {
 public:
  Command(std::size_t head, std::size_t array)
      : words_((head + array + sizeof(std::uint64_t) - 1) / sizeof(std::uint64_t)) {}
  template <typename Head>
  void set_head(const Head& head) noexcept {
    std::memcpy(words_.data(), &head, sizeof head);
  }
  template <typename Head>
  [[nodiscard]] Head head() const noexcept {
    Head head{};
    std::memcpy(&head, words_.data(), sizeof head);
    return head;
  }
  [[nodiscard]] const char* at(std::size_t offset) const noexcept {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): octets of an object
    return reinterpret_cast<const char*>(words_.data()) + offset;
  }
  [[nodiscard]] void* data() noexcept { return words_.data(); }

 private:
  std::vector<std::uint64_t> words_;
};

std::expected<std::uint32_t, int> count_counters(const EthtoolSocket& any,
                                                 const std::string& interface) {
  Command command{sizeof(ethtool_sset_info), sizeof(std::uint32_t)};
  ethtool_sset_info head{};
  head.cmd = ETHTOOL_GSSET_INFO;
  head.sset_mask = 1U << ETH_SS_STATS;
  command.set_head(head);
  if (const int error = any.ask(interface, command.data()); error != 0)
    return std::unexpected{error};
  if (command.head<ethtool_sset_info>().sset_mask == 0) return std::unexpected{EOPNOTSUPP};
  std::uint32_t count = 0;
  std::memcpy(&count, command.at(sizeof(ethtool_sset_info)), sizeof count);
  return count;
}

class LinuxPhcKernel final : public PhcKernel {
 public:
  [[nodiscard]] clock::Counter counter() noexcept override { return read_counter(); }

  [[nodiscard]] ClockReading sandwich(clockid_t id) noexcept override {
    constexpr int kTries = 3;
    return read_kernel_clock(id, kTries);
  }

  [[nodiscard]] std::expected<int, int> open(const std::string& path) noexcept override {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (descriptor < 0) return std::unexpected{errno};
    struct stat status{};
    if (fstat(descriptor, &status) == 0 && S_ISCHR(status.st_mode)) return descriptor;
    ::close(descriptor);
    return std::unexpected{ENOTTY};
  }

  void close(int descriptor) noexcept override { ::close(descriptor); }

  [[nodiscard]] int capabilities(int descriptor, ptp_clock_caps& caps) noexcept override {
    const int error = call(descriptor, PTP_CLOCK_GETCAPS2, &caps);
    return error == ENOTTY ? call(descriptor, PTP_CLOCK_GETCAPS, &caps) : error;
  }

  [[nodiscard]] int precise(int descriptor, ptp_sys_offset_precise& offset) noexcept override {
    return call(descriptor, PTP_SYS_OFFSET_PRECISE, &offset);
  }

  [[nodiscard]] int extended(int descriptor, SysOffsetExtended& offset) noexcept override {
    return call(descriptor, PTP_SYS_OFFSET_EXTENDED, &offset);
  }

  [[nodiscard]] int plain(int descriptor, ptp_sys_offset& offset) noexcept override {
    return call(descriptor, PTP_SYS_OFFSET, &offset);
  }

  [[nodiscard]] std::expected<int, int> interface_clock(const std::string& interface) override {
    ethtool_ts_info info{};
    info.cmd = ETHTOOL_GET_TS_INFO;
    const int error = EthtoolSocket{}.ask(interface, &info);
    if (error != 0) return std::unexpected{error};
    return info.phc_index;
  }

  [[nodiscard]] std::expected<InterfaceCounters, int> interface_counters(
      const std::string& interface) override;
};

std::expected<InterfaceCounters, int> LinuxPhcKernel::interface_counters(
    const std::string& interface) {
  constexpr std::uint32_t kMost = 65536;
  const EthtoolSocket any;
  const auto count = count_counters(any, interface);
  if (!count) return std::unexpected{count.error()};
  if (*count > kMost) return std::unexpected{E2BIG};

  Command names{sizeof(ethtool_gstrings), std::size_t{*count} * ETH_GSTRING_LEN};
  ethtool_gstrings names_head{};
  names_head.cmd = ETHTOOL_GSTRINGS;
  names_head.string_set = ETH_SS_STATS;
  names_head.len = *count;
  names.set_head(names_head);
  if (const int error = any.ask(interface, names.data()); error != 0) return std::unexpected{error};

  Command values{sizeof(ethtool_stats), std::size_t{*count} * sizeof(std::uint64_t)};
  ethtool_stats values_head{};
  values_head.cmd = ETHTOOL_GSTATS;
  values_head.n_stats = *count;
  values.set_head(values_head);
  if (const int error = any.ask(interface, values.data()); error != 0)
    return std::unexpected{error};

  // The driver may have changed its mind between the calls: only what all three agree on.
  const auto filled =
      std::min({*count, names.head<ethtool_gstrings>().len, values.head<ethtool_stats>().n_stats});
  InterfaceCounters result(filled);
  for (std::size_t i = 0; i < filled; ++i) {
    const char* text = names.at(sizeof(ethtool_gstrings) + i * ETH_GSTRING_LEN);
    result[i].first.assign(text, strnlen(text, ETH_GSTRING_LEN));
    std::memcpy(&result[i].second, values.at(sizeof(ethtool_stats) + i * sizeof(std::uint64_t)),
                sizeof(std::uint64_t));
  }
  return result;
}

}  // namespace

std::unique_ptr<PhcKernel> make_linux_phc_kernel() { return std::make_unique<LinuxPhcKernel>(); }

}  // namespace pollux::phc
