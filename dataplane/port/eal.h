// DPDK's environment layer, started once for a process and hidden behind our settings.
// Main thread only. Starting pins the main thread away from the workers' CPUs where it can.
#pragma once

#include <cstdio>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/port/settings.h"

namespace pollux::port {

class Eal {
 public:
  // Throws std::runtime_error with DPDK's own last words when it does not start.
  explicit Eal(const EalSettings& settings);
  ~Eal();
  Eal(const Eal&) = delete;
  Eal& operator=(const Eal&) = delete;

 private:
  void open_log();
  void write_log(std::string_view text);
  static ssize_t on_write(void* self, const char* text, std::size_t length);

  DriverLog log_;
  std::FILE* stream_ = nullptr;
  std::mutex mutex_;  // any thread may log
  std::string last_error_;
  std::string partial_line_;
};

// The arguments that Eal gives to DPDK; separate so that a test can read them.
[[nodiscard]] std::vector<std::string> eal_arguments(const EalSettings& settings,
                                                     const std::vector<unsigned>& allowed_cpus);

// CPUs that this process may run on.
[[nodiscard]] std::vector<unsigned> allowed_cpus();

}  // namespace pollux::port
