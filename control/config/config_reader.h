// Reads typed values out of parsed TOML by the rules of the key table, and gathers the errors of
// all files. Used by the parts of the configuration parser only; control thread.
#pragma once

#include <toml++/toml.h>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "control/config/config.h"
#include "control/config/config_fields.h"
#include "control/config/config_keys.h"

namespace pollux::control {

struct Location {
  std::string file;
  unsigned line = 0;
};

[[nodiscard]] inline unsigned line_of(const toml::node& node) { return node.source().begin.line; }

class ConfigReader {
 public:
  void start_file(std::string file) { file_ = std::move(file); }
  [[nodiscard]] Location here(unsigned line) const { return {file_, line}; }

  void fail(unsigned line, std::string message) { fail(here(line), std::move(message)); }
  void fail(Location at, std::string message) {
    errors_.push_back({std::move(at.file), at.line, std::move(message)});
  }
  [[nodiscard]] std::vector<ConfigError> take_errors() { return std::move(errors_); }

  // Complains about keys of `table` that [section] does not know.
  void check_names(const toml::table& table, std::string_view section);

  // Sets the member of `out` for each field that `table` has and that is valid.
  template <typename Fields, typename Struct>
  void read_fields(const toml::table& table, const Fields& fields, Struct& out) {
    for_each_field(fields, [&](const auto& field) {
      if (const toml::node* node = table.get(field.key.name())) {
        set_at_.insert_or_assign(field.key.path, here(line_of(*node)));
        read(field.key, *node, out.*field.member);
      }
    });
  }

  // Where a key was set last, if it was, be the value good or not.
  [[nodiscard]] std::optional<Location> set_at(std::string_view path) const;

  void read(const Key& key, const toml::node& node, bool& value);
  void read(const Key& key, const toml::node& node, std::string& value);
  void read(const Key& key, const toml::node& node, std::optional<std::uint8_t>& value);
  void read(const Key& key, const toml::node& node, std::vector<std::string>& value);
  void read(const Key& key, const toml::node& node, std::vector<IpAddress>& value);
  // "never" is nothing.
  void read(const Key& key, const toml::node& node, std::optional<std::chrono::seconds>& value);
  // A 32-bit optional is always a reference identifier.
  void read(const Key& key, const toml::node& node, std::optional<std::uint32_t>& value);

  template <std::integral Integer>
  void read(const Key& key, const toml::node& node, Integer& value) {
    if (const auto read = integer(key, node)) {
      value = static_cast<Integer>(*read);
    }
  }

  template <std::unsigned_integral Integer>
  void read(const Key& key, const toml::node& node, std::vector<Integer>& value) {
    const toml::array* list = array(key, node);
    if (list == nullptr) {
      return;
    }
    value.clear();
    for (const toml::node& element : *list) {
      if (const auto read = integer(key, element)) {
        value.push_back(static_cast<Integer>(*read));
      }
    }
  }

  template <typename Enum>
    requires std::is_enum_v<Enum>
  void read(const Key& key, const toml::node& node, Enum& value) {
    if (const auto index = choice(key, node)) {
      value = static_cast<Enum>(*index);
    }
  }

  // These complain and give nothing when the value is of another type or out of its range.
  [[nodiscard]] std::optional<std::int64_t> integer(const Key& key, const toml::node& node);
  [[nodiscard]] std::optional<std::string> string(const Key& key, const toml::node& node);
  [[nodiscard]] std::optional<std::size_t> choice(const Key& key, const toml::node& node);
  [[nodiscard]] const toml::array* array(const Key& key, const toml::node& node);

  void wrong_type(std::string_view what, std::string_view expected, const toml::node& found);

 private:
  std::string file_;
  std::vector<ConfigError> errors_;
  std::map<std::string_view, Location> set_at_;
};

}  // namespace pollux::control
