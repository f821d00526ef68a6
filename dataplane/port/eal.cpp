#include "dataplane/port/eal.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>
#include <sched.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <stdexcept>

namespace pollux::port {

namespace {

// Logical core 0 is the control plane, on every CPU that no worker has, or on all where nothing is
// left; cores 1 and up are the workers.
std::string lcore_argument(const std::vector<unsigned>& workers,
                           const std::vector<unsigned>& allowed) {
  std::vector<unsigned> control;
  std::ranges::copy_if(allowed, std::back_inserter(control), [&](unsigned cpu) {
    return std::ranges::find(workers, cpu) == workers.end();
  });
  std::string text = fmt::format("0@({})", fmt::join(control.empty() ? allowed : control, ","));
  for (std::size_t i = 0; i < workers.size(); ++i) {
    text += fmt::format(",{}@{}", i + 1, workers[i]);
  }
  return text;
}

DriverLogLevel level_of(int level) {
  if (level <= static_cast<int>(RTE_LOG_ERR)) return DriverLogLevel::kError;
  if (level <= static_cast<int>(RTE_LOG_WARNING)) return DriverLogLevel::kWarning;
  if (level <= static_cast<int>(RTE_LOG_INFO)) return DriverLogLevel::kInfo;
  return DriverLogLevel::kDebug;
}

}  // namespace

std::vector<unsigned> allowed_cpus() {
  std::vector<unsigned> cpus;
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return cpus;
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  }
  return cpus;
}

std::vector<std::string> eal_arguments(const EalSettings& settings,
                                       const std::vector<unsigned>& allowed) {
  std::vector<std::string> arguments{"polluxd",
                                     "--lcores",
                                     lcore_argument(settings.worker_cores, allowed),
                                     "--main-lcore",
                                     "0",
                                     "--no-telemetry",
                                     "-m",
                                     std::to_string(settings.megabytes)};
  // In-memory needs no hugetlbfs mount and leaves no files; DPDK refuses it together with
  // --no-huge.
  if (settings.hugepages) {
    arguments.emplace_back("--in-memory");
  } else {
    arguments.insert(arguments.end(), {"--no-huge", "--no-shconf"});
  }
  if (settings.pci.empty()) arguments.emplace_back("--no-pci");
  for (const auto& address : settings.pci) arguments.insert(arguments.end(), {"-a", address});
  arguments.insert(arguments.end(), settings.extra.begin(), settings.extra.end());
  return arguments;
}

Eal::Eal(const EalSettings& settings) : log_{settings.log} {
  const auto allowed = allowed_cpus();
  for (const unsigned core : settings.worker_cores) {
    if (std::ranges::find(allowed, core) == allowed.end()) {
      throw std::runtime_error(
          fmt::format("workers.cores: CPU {} is not one of those this process may use ({})", core,
                      fmt::join(allowed, ",")));
    }
  }
  open_log();
  auto arguments = eal_arguments(settings, allowed);
  std::vector<char*> argv;
  argv.reserve(arguments.size());
  for (auto& argument : arguments) argv.push_back(argument.data());
  if (rte_eal_init(static_cast<int>(argv.size()), argv.data()) < 0) {
    const std::string why = last_error_.empty() ? rte_strerror(rte_errno) : last_error_;
    throw std::runtime_error(fmt::format("DPDK does not start: {}{}", why,
                                         settings.hugepages
                                             ? " (are there hugepages? memory.hugepages = false "
                                               "does without)"
                                             : ""));
  }
}

Eal::~Eal() {
  rte_eal_cleanup();
  rte_openlog_stream(nullptr);
  if (stream_ != nullptr) std::fclose(stream_);
}

void Eal::open_log() {
  cookie_io_functions_t functions{};
  functions.write = &Eal::on_write;
  stream_ = fopencookie(this, "w", functions);
  if (stream_ == nullptr) throw std::runtime_error("no memory for DPDK's log");
  std::setvbuf(stream_, nullptr, _IONBF, 0);
  rte_openlog_stream(stream_);
}

ssize_t Eal::on_write(void* self, const char* text, std::size_t length) {
  static_cast<Eal*>(self)->write_log({text, length});
  return static_cast<ssize_t>(length);
}

// DPDK writes parts of lines.
void Eal::write_log(std::string_view text) {
  const auto level = level_of(rte_log_cur_msg_loglevel());
  const std::scoped_lock lock{mutex_};
  partial_line_ += text;
  for (std::size_t end = partial_line_.find('\n'); end != std::string::npos;
       end = partial_line_.find('\n')) {
    const std::string line = partial_line_.substr(0, end);
    partial_line_.erase(0, end + 1);
    if (line.empty()) continue;
    if (level == DriverLogLevel::kError) last_error_ = line;
    if (log_) log_(level, line);
  }
}

}  // namespace pollux::port
