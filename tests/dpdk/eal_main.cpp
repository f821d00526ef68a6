// main() of the test programs that need EAL. POLLUX_TEST_WORKERS workers; a program that needs more
// CPUs than are allowed ends with 77, which meson counts as skipped, and so does one built with
// POLLUX_TEST_OWN_NETWORK that gets no network namespace.
#include <gtest/gtest.h>

#include <cstdio>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>

#include "dataplane/port/eal.h"
#include "tests/dpdk/eal_environment.h"
#include "tests/dpdk/own_network.h"

namespace pollux::test {

namespace {

constexpr std::size_t kWorkers = POLLUX_TEST_WORKERS;
constexpr int kSkipped = 77;

// Asked before EAL pins this thread.
const std::vector<unsigned>& cpus_at_start() {
  static const std::vector<unsigned> cpus = port::allowed_cpus();
  return cpus;
}

void print_error(port::DriverLogLevel level, std::string_view line) {
  if (level != port::DriverLogLevel::kError) return;
  std::fprintf(stderr, "dpdk: %.*s\n", static_cast<int>(line.size()), line.data());
}

class EalEnvironment : public testing::Environment {
 public:
  void SetUp() override {
    eal_ = std::make_unique<port::Eal>(port::EalSettings{
        .worker_cores = worker_cores(), .hugepages = false, .megabytes = 192, .log = &print_error});
  }
  void TearDown() override { eal_.reset(); }

 private:
  std::unique_ptr<port::Eal> eal_;
};

}  // namespace

const std::vector<unsigned>& worker_cores() {
  static const std::vector<unsigned> cores{
      std::prev(cpus_at_start().end(), static_cast<std::ptrdiff_t>(kWorkers)),
      cpus_at_start().end()};
  return cores;
}

bool shares_cpu_with_worker() { return cpus_at_start().size() == kWorkers; }

}  // namespace pollux::test

int main(int argc, char** argv) {
  using namespace pollux::test;
  testing::InitGoogleTest(&argc, argv);
  if (GTEST_FLAG_GET(list_tests)) return RUN_ALL_TESTS();
  if (cpus_at_start().size() < kWorkers) {
    std::printf("skipped: %zu workers need as many CPUs, this process may use %zu\n", kWorkers,
                cpus_at_start().size());
    return kSkipped;
  }
#ifdef POLLUX_TEST_OWN_NETWORK
  if (const std::string reason = enter_own_network(); !reason.empty()) {
    std::printf("skipped: %s\n", reason.c_str());
    return kSkipped;
  }
#endif
  testing::AddGlobalTestEnvironment(new EalEnvironment);
  return RUN_ALL_TESTS();
}
