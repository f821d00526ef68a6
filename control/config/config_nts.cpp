#include "control/config/config_nts.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "control/config/config_check.h"
#include "control/service/text.h"

namespace pollux::control {
namespace {

constexpr std::size_t kLongestServerName = 255;
constexpr std::size_t kLongestLabel = 63;

Location at(const ConfigReader& reader, std::string_view key) {
  return reader.set_at(key).value_or(Location{});
}

void check_file(ConfigReader& reader, std::string_view key, const std::string& path) {
  check_path(reader, key, path, false);
  if (path.ends_with('/'))
    reader.fail(at(reader, key), fmt::format("{}: '{}' is no file", key, printable(path)));
}

// RFC 1123 §2.1, and the underscores that are met in practice.
bool is_label(std::string_view label) {
  const auto fits = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || letter == '-' || letter == '_';
  };
  return !label.empty() && label.size() <= kLongestLabel && label.front() != '-' &&
         label.back() != '-' && std::ranges::all_of(label, fits);
}

bool is_host_name(std::string_view name) {
  if (name.size() > kLongestServerName) return false;
  if (name.ends_with('.')) name.remove_suffix(1);
  std::string_view last;
  while (true) {
    const std::size_t dot = name.find('.');
    last = name.substr(0, dot);
    if (!is_label(last)) return false;
    if (dot == std::string_view::npos) break;
    name.remove_prefix(dot + 1);
  }
  // What ends in a number was meant for an IPv4 address.
  return !std::ranges::all_of(last, [](char letter) { return letter >= '0' && letter <= '9'; });
}

// RFC 8915 §4.1.7: an address or a fully qualified domain name.
void check_ntp_server(ConfigReader& reader, const std::string& server) {
  if (server.empty() || parse_ip_address(server) || is_host_name(server)) return;
  reader.fail(at(reader, "ke.ntp_server"),
              fmt::format("ke.ntp_server: '{}' is neither an address of one host nor a host name",
                          printable(server)));
}

}  // namespace

void check_nts(ConfigReader& reader, const NtsConfig& nts) {
  check_file(reader, "nts.key_file", nts.key_file);
}

void check_ke(ConfigReader& reader, const KeConfig& ke) {
  check_file(reader, "ke.certificate", ke.certificate);
  check_file(reader, "ke.private_key", ke.private_key);
  if (ke.certificate.empty() != ke.private_key.empty()) {
    const auto* key = ke.certificate.empty() ? "ke.private_key" : "ke.certificate";
    const auto* other = ke.certificate.empty() ? "ke.certificate" : "ke.private_key";
    reader.fail(at(reader, key), fmt::format("{} needs {} too", key, other));
  }
  if (std::set(ke.listen.begin(), ke.listen.end()).size() != ke.listen.size())
    reader.fail(at(reader, "ke.listen"), "ke.listen: an address is there twice");
  check_ntp_server(reader, ke.ntp_server);
}

}  // namespace pollux::control
