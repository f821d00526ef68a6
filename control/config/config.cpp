#include "control/config/config.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <toml++/toml.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include "control/config/config_check.h"
#include "control/config/config_fields.h"
#include "control/config/config_port.h"
#include "control/config/config_reader.h"
#include "control/service/text.h"
#include "control/service/unique_fd.h"

namespace pollux::control {
namespace {

constexpr std::size_t kLargestFile = 1U << 20U;
// Bounds how deep dotted keys nest: toml++ takes them apart recursively.
constexpr std::size_t kLongestLine = 4096;

std::vector<std::string_view> section_names() {
  std::vector<std::string_view> names;
  for_each_section([&](std::string_view name, const auto&, auto) { names.push_back(name); });
  names.emplace_back("port");
  return names;
}

void check_sections(ConfigReader& reader, const toml::table& document) {
  static const auto names = section_names();
  for (const auto& [key, node] : document) {
    const std::string_view name = key.str();
    const unsigned line = key.source().begin.line;
    if (std::ranges::find(names, name) != names.end()) {
      continue;
    }
    const auto home = std::ranges::find(kKeys, name, &Key::name);
    if (!node.is_table() && home != kKeys.end()) {
      reader.fail(line,
                  fmt::format("'{}' stands outside of its section [{}]", name, home->section()));
      continue;
    }
    const auto near = closest(name, names);
    reader.fail(line, fmt::format("unknown section '{}'{}", printable(name),
                                  near ? fmt::format(", did you mean '{}'?", *near) : ""));
  }
}

void read_ports(ConfigReader& reader, const toml::table& document, Config& config,
                std::vector<Location>& ports_at) {
  const toml::node* node = document.get("port");
  if (node == nullptr) {
    return;
  }
  const toml::array* list = node->as_array();
  if (list == nullptr) {
    reader.wrong_type("port", "tables that begin with [[port]]", *node);
    return;
  }
  for (const toml::node& element : *list) {
    if (const toml::table* table = element.as_table()) {
      ports_at.push_back(reader.here(line_of(*table)));
      config.ports.push_back(read_port(reader, *table));
    } else {
      reader.wrong_type("port", "tables that begin with [[port]]", element);
    }
  }
}

void read_document(ConfigReader& reader, const toml::table& document, Config& config,
                   std::vector<Location>& ports_at) {
  check_sections(reader, document);
  for_each_section([&](std::string_view name, const auto& fields, auto member) {
    const toml::node* node = document.get(name);
    if (node == nullptr) {
      return;
    }
    if (const toml::table* table = node->as_table()) {
      reader.check_names(*table, name);
      reader.read_fields(*table, fields, config.*member);
    } else {
      reader.wrong_type(name, fmt::format("a section [{}]", name), *node);
    }
  });
  read_ports(reader, document, config, ports_at);
}

bool lines_are_short(ConfigReader& reader, std::string_view text) {
  unsigned line = 1;
  while (!text.empty()) {
    const std::size_t length = std::min(text.find('\n'), text.size());
    if (length > kLongestLine) {
      reader.fail(line, fmt::format("a line is longer than {} octets", kLongestLine));
      return false;
    }
    text.remove_prefix(std::min(length + 1, text.size()));
    ++line;
  }
  return true;
}

// Files in the order given, lines ascending.
std::vector<ConfigError> sorted(std::vector<ConfigError> errors,
                                std::span<const ConfigText> texts) {
  const auto position = [texts](const ConfigError& error) {
    const auto file = std::ranges::find(texts, error.file, &ConfigText::file);
    return std::pair(file - texts.begin(), error.line);
  };
  std::ranges::stable_sort(errors, {}, position);
  return errors;
}

std::expected<std::string, std::string> read_file(const std::filesystem::path& path) {
  const auto reason = [] { return fmt::format("cannot be read: {}", error_text(errno)); };
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) {
    return std::unexpected(reason());
  }
  std::string text;
  std::array<char, 16384> buffer;
  while (true) {
    const ssize_t count = read(file.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return std::unexpected(reason());
    }
    if (count == 0) {
      return text;
    }
    text.append(buffer.data(), static_cast<std::size_t>(count));
    if (text.size() > kLargestFile) {
      return std::unexpected("is larger than 1 MiB");
    }
  }
}

}  // namespace

std::string to_string(const ConfigError& error) {
  return error.line == 0 ? fmt::format("{}: {}", error.file, error.message)
                         : fmt::format("{}:{}: {}", error.file, error.line, error.message);
}

ConfigResult parse_config(std::span<const ConfigText> texts, Program program) {
  ConfigReader reader;
  Config config;
  std::vector<Location> ports_at;
  bool syntax_good = true;
  for (const ConfigText& text : texts) {
    reader.start_file(text.file);
    if (!lines_are_short(reader, text.text)) {
      syntax_good = false;
      continue;
    }
    try {
      read_document(reader, toml::parse(text.text), config, ports_at);
    } catch (const toml::parse_error& error) {
      syntax_good = false;
      reader.fail(error.source().begin.line, printable(error.description(), 200));
    }
  }
  if (syntax_good) {
    check_contradictions(reader, config, program, ports_at);
  }
  auto errors = reader.take_errors();
  if (!errors.empty()) {
    return std::unexpected(sorted(std::move(errors), texts));
  }
  return config;
}

ConfigResult load_config(std::span<const std::filesystem::path> files, Program program) {
  std::vector<ConfigText> texts;
  std::vector<ConfigError> unreadable;
  for (const auto& file : files) {
    auto text = read_file(file);
    if (text) {
      texts.push_back({file.string(), std::move(*text)});
    } else {
      unreadable.push_back({file.string(), 0, std::move(text.error())});
    }
  }
  if (!unreadable.empty()) {
    return std::unexpected(std::move(unreadable));
  }
  return parse_config(texts, program);
}

std::vector<std::filesystem::path> config_files(const std::filesystem::path& main_file,
                                                const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    const auto& path = entry->path();
    if (path.extension() == ".toml" && !path.filename().string().starts_with('.')) {
      files.push_back(path);
    }
  }
  std::ranges::sort(files);
  files.insert(files.begin(), main_file);
  return files;
}

}  // namespace pollux::control
