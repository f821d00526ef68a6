#include "control/service/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <string>

#include "control/service/text.h"

namespace pollux::control {
namespace {

constexpr std::size_t kLongestLine = 2048;

struct Level {
  spdlog::level::level_enum spdlog;
  std::string_view journal;  // sd-daemon(3)
  std::string_view person;
};

constexpr std::array<Level, 4> kLevels = {{
    {spdlog::level::debug, "<7>", "debug: "},
    {spdlog::level::info, "<6>", "info: "},
    {spdlog::level::warn, "<4>", "warning: "},
    {spdlog::level::err, "<3>", "error: "},
}};

constexpr const Level& entry(LogLevel level) { return kLevels.at(static_cast<std::size_t>(level)); }

// JOURNAL_STREAM names the device and inode of the journal's socket, systemd.exec(5).
bool stderr_is_journal() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing here changes the environment
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat status{};
  return stream != nullptr && fstat(STDERR_FILENO, &status) == 0 &&
         stream == fmt::format("{}:{}", status.st_dev, status.st_ino);
}

spdlog::logger make_logger() {
  spdlog::logger logger("polluxd", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger.set_pattern("%v");
  logger.set_level(spdlog::level::info);
  return logger;
}

spdlog::logger& logger() {
  static spdlog::logger instance = make_logger();
  return instance;
}

}  // namespace

std::string_view log_prefix(LogLevel level, bool journal) {
  return journal ? entry(level).journal : entry(level).person;
}

void set_log_level(LogLevel level) { logger().set_level(entry(level).spdlog); }

void log_text(LogLevel level, std::string_view text) {
  static const bool journal = stderr_is_journal();
  if (logger().should_log(entry(level).spdlog)) {
    logger().log(entry(level).spdlog, "{}{}", log_prefix(level, journal),
                 printable(text, kLongestLine));
  }
}

}  // namespace pollux::control
