// The arguments that DPDK is started with, and what is refused before it is started.
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "dataplane/port/eal.h"

namespace pollux::port {
namespace {

struct Row {
  std::string name;
  EalSettings settings;
  std::vector<unsigned> allowed;
  std::string arguments;  // joined with spaces
};

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

TEST(EalArguments, FollowTheSettings) {
  const std::vector<Row> rows{
      {"hugepages",
       {.worker_cores = {1}},
       {0, 1},
       "polluxd --lcores 0@(0),1@1 --main-lcore 0 --no-telemetry -m 256 --in-memory --no-pci"},
      {"ordinary pages",
       {.worker_cores = {1}, .hugepages = false, .megabytes = 64},
       {0, 1},
       "polluxd --lcores 0@(0),1@1 --main-lcore 0 --no-telemetry -m 64 --no-huge --no-shconf "
       "--no-pci"},
      {"workers in the order of the settings",
       {.worker_cores = {3, 1}},
       {0, 1, 2, 3},
       "polluxd --lcores 0@(0,2),1@3,2@1 --main-lcore 0 --no-telemetry -m 256 --in-memory "
       "--no-pci"},
      {"one CPU for all",
       {.worker_cores = {5}},
       {5},
       "polluxd --lcores 0@(5),1@5 --main-lcore 0 --no-telemetry -m 256 --in-memory --no-pci"},
      {"a worker on every CPU",
       {.worker_cores = {0, 1}},
       {0, 1},
       "polluxd --lcores 0@(0,1),1@0,2@1 --main-lcore 0 --no-telemetry -m 256 --in-memory "
       "--no-pci"},
      {"CPU numbers beyond DPDK's lcores",
       {.worker_cores = {200}},
       {199, 200},
       "polluxd --lcores 0@(199),1@200 --main-lcore 0 --no-telemetry -m 256 --in-memory --no-pci"},
      {"only the PCI devices that are named",
       {.worker_cores = {1}, .pci = {"0000:00:06.0", "0000:00:07.0"}},
       {0, 1},
       "polluxd --lcores 0@(0),1@1 --main-lcore 0 --no-telemetry -m 256 --in-memory "
       "-a 0000:00:06.0 -a 0000:00:07.0"},
      {"extra arguments last",
       {.worker_cores = {1}, .hugepages = false, .extra = {"--log-level", "debug"}},
       {0, 1},
       "polluxd --lcores 0@(0),1@1 --main-lcore 0 --no-telemetry -m 256 --no-huge --no-shconf "
       "--no-pci --log-level debug"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(joined(eal_arguments(row.settings, row.allowed)), row.arguments) << row.name;
  }
}

TEST(Eal, RefusesACpuThatIsNotAllowed) {
  try {
    const Eal eal{{.worker_cores = {9999}, .hugepages = false}};
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string{error.what()}.find("CPU 9999"), std::string::npos) << error.what();
  }
}

TEST(AllowedCpus, AreInOrder) {
  const auto cpus = allowed_cpus();
  EXPECT_FALSE(cpus.empty());
  EXPECT_TRUE(std::ranges::is_sorted(cpus));
}

}  // namespace
}  // namespace pollux::port
