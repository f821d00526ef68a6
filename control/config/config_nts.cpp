#include "control/config/config_nts.h"

#include <fmt/format.h>

#include <set>
#include <string_view>

#include "control/config/config_check.h"
#include "control/service/text.h"
#include "nts/core/server_name.h"

namespace pollux::control {
namespace {

Location at(const ConfigReader& reader, std::string_view key) {
  return reader.set_at(key).value_or(Location{});
}

void check_file(ConfigReader& reader, std::string_view key, const std::string& path) {
  check_path(reader, key, path, false);
  if (path.ends_with('/'))
    reader.fail(at(reader, key), fmt::format("{}: '{}' is no file", key, printable(path)));
}

// What the record for it can say (RFC 8915 §4.1.7), and no group's address.
bool is_ntp_server(const std::string& server) {
  const bool is_address = server.contains(':') || parse_ipv4(server);
  return nts::is_server_name(server) && (!is_address || parse_ip_address(server));
}

void check_ntp_server(ConfigReader& reader, const std::string& server) {
  if (server.empty() || is_ntp_server(server)) return;
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
