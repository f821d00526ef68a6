#include "control/config/config_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "control/config/address_text.h"
#include "control/config/duration_text.h"
#include "control/service/text.h"

namespace pollux::control {
namespace {

constexpr std::size_t kLongestString = 1024;
constexpr std::size_t kReferenceIdLength = 4;

std::string_view type_name(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a number with a fraction";
    case toml::node_type::boolean:
      return "a boolean";
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time:
      return "a date or time";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::table:
      return "a table";
    case toml::node_type::none:
      break;
  }
  return "nothing";
}

std::vector<std::string_view> split_choices(std::string_view choices) {
  std::vector<std::string_view> result;
  while (true) {
    const std::size_t bar = choices.find('|');
    result.push_back(choices.substr(0, bar));
    if (bar == std::string_view::npos) {
      return result;
    }
    choices.remove_prefix(bar + 1);
  }
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates) {
  const auto suggestion = closest(word, candidates);
  return suggestion ? fmt::format(", did you mean '{}'?", *suggestion) : "";
}

// Four octets as in a packet, text padded with zeros at its end (RFC 5905 §7.3).
std::optional<std::uint32_t> parse_reference_id(std::string_view text) {
  if (const auto address = parse_ipv4(text)) {
    return address->as_host_integer();
  }
  const bool ascii =
      std::ranges::all_of(text, [](char letter) { return letter >= ' ' && letter <= '~'; });
  if (text.empty() || text.size() > kReferenceIdLength || !ascii) {
    return std::nullopt;
  }
  std::uint32_t result = 0;
  for (std::size_t i = 0; i < kReferenceIdLength; ++i) {
    result = result << 8U | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0U);
  }
  return result;
}

}  // namespace

void ConfigReader::wrong_type(std::string_view what, std::string_view expected,
                              const toml::node& found) {
  fail(line_of(found), fmt::format("{}: expected {}, found {}", what, expected, type_name(found)));
}

void ConfigReader::check_names(const toml::table& table, std::string_view section) {
  std::vector<std::string_view> names;
  for (const Key& key : kKeys) {
    if (key.section() == section) {
      names.push_back(key.name());
    }
  }
  for (const auto& [key, node] : table) {
    if (std::ranges::find(names, key.str()) == names.end()) {
      fail(key.source().begin.line, fmt::format("unknown key '{}' in [{}]{}", printable(key.str()),
                                                section, did_you_mean(key.str(), names)));
    }
  }
}

std::optional<Location> ConfigReader::set_at(std::string_view path) const {
  const auto found = set_at_.find(path);
  return found == set_at_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::int64_t> ConfigReader::integer(const Key& key, const toml::node& node) {
  const auto* value = node.as_integer();
  if (value == nullptr) {
    wrong_type(key.path, "an integer", node);
    return std::nullopt;
  }
  if (value->get() < key.minimum || value->get() > key.maximum) {
    fail(line_of(node), fmt::format("{}: {} is outside {} to {}", key.path, value->get(),
                                    key.minimum, key.maximum));
    return std::nullopt;
  }
  return value->get();
}

std::optional<std::string> ConfigReader::string(const Key& key, const toml::node& node) {
  const auto* value = node.as_string();
  if (value == nullptr) {
    wrong_type(key.path, "a string", node);
    return std::nullopt;
  }
  const std::string& text = value->get();
  const char* problem = nullptr;
  if (text.empty()) {
    problem = "is empty";
  } else if (text.size() > kLongestString) {
    problem = "is longer than 1024 octets";
  } else if (printable(text, kLongestString) != text) {
    problem = "contains a control character";
  }
  if (problem != nullptr) {
    fail(line_of(node), fmt::format("{} {}", key.path, problem));
    return std::nullopt;
  }
  return text;
}

std::optional<std::size_t> ConfigReader::choice(const Key& key, const toml::node& node) {
  const auto text = string(key, node);
  if (!text) {
    return std::nullopt;
  }
  const auto choices = split_choices(key.choices);
  const auto found = std::ranges::find(choices, *text);
  if (found == choices.end()) {
    fail(line_of(node), fmt::format("{}: '{}' is not one of {}{}", key.path, printable(*text),
                                    fmt::join(choices, ", "), did_you_mean(*text, choices)));
    return std::nullopt;
  }
  return static_cast<std::size_t>(found - choices.begin());
}

const toml::array* ConfigReader::array(const Key& key, const toml::node& node) {
  const toml::array* list = node.as_array();
  if (list == nullptr) {
    wrong_type(key.path, "a list", node);
    return nullptr;
  }
  if (list->size() > key.longest_list) {
    fail(line_of(node), fmt::format("{}: {} values, at most {} are allowed", key.path, list->size(),
                                    key.longest_list));
    return nullptr;
  }
  return list;
}

void ConfigReader::read(const Key& key, const toml::node& node, bool& value) {
  if (const auto* boolean = node.as_boolean()) {
    value = boolean->get();
  } else {
    wrong_type(key.path, "true or false", node);
  }
}

void ConfigReader::read(const Key& key, const toml::node& node, std::string& value) {
  if (auto text = string(key, node)) {
    value = std::move(*text);
  }
}

void ConfigReader::read(const Key& key, const toml::node& node,
                        std::optional<std::uint8_t>& value) {
  if (const auto read = integer(key, node)) {
    value = static_cast<std::uint8_t>(*read);
  }
}

void ConfigReader::read(const Key& key, const toml::node& node,
                        std::optional<std::uint32_t>& value) {
  const auto text = string(key, node);
  if (!text) {
    return;
  }
  value = parse_reference_id(*text);
  if (!value) {
    fail(line_of(node), fmt::format("{}: '{}' is neither 1 to 4 printable ASCII characters nor an "
                                    "IPv4 address",
                                    key.path, printable(*text)));
  }
}

void ConfigReader::read(const Key& key, const toml::node& node,
                        std::optional<std::chrono::seconds>& value) {
  const auto text = string(key, node);
  if (!text) {
    return;
  }
  if (*text == "never") {
    value.reset();
    return;
  }
  const auto duration = parse_duration(*text);
  if (!duration) {
    fail(line_of(node), fmt::format("{}: '{}' is neither 'never' nor a number with its unit, s, m, "
                                    "h or d",
                                    key.path, printable(*text)));
  } else if (duration->count() < key.minimum || duration->count() > key.maximum) {
    fail(line_of(node), fmt::format("{}: {} is outside {} to {}", key.path, *text,
                                    duration_text(std::chrono::seconds{key.minimum}),
                                    duration_text(std::chrono::seconds{key.maximum})));
  } else {
    value = duration;
  }
}

void ConfigReader::read(const Key& key, const toml::node& node, std::vector<IpAddress>& value) {
  const toml::array* list = array(key, node);
  if (list == nullptr) {
    return;
  }
  if (list->empty()) {
    fail(line_of(node), fmt::format("{}: at least one address is needed", key.path));
  }
  value.clear();
  for (const toml::node& element : *list) {
    const auto text = string(key, element);
    if (!text) {
      continue;
    }
    if (const auto address = parse_ip_address(*text)) {
      value.push_back(*address);
    } else {
      fail(line_of(element),
           fmt::format("{}: '{}' {}", key.path, printable(*text), address.error()));
    }
  }
}

void ConfigReader::read(const Key& key, const toml::node& node, std::vector<std::string>& value) {
  const toml::array* list = array(key, node);
  if (list == nullptr) {
    return;
  }
  value.clear();
  for (const toml::node& element : *list) {
    if (auto text = string(key, element)) {
      value.push_back(std::move(*text));
    }
  }
}

}  // namespace pollux::control
